"""One official, for their administrator: office and role, lock, password, authenticator app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.forms import Form, number, words
from backend.console.rendering import render
from backend.console.users_page import require_administrator
from backend.organisation.passwords import one_time_password
from backend.organisation.roles import Role
from backend.organisation.sessions import Actor
from backend.organisation.totp import reset_totp
from backend.organisation.user_admin import (
    Managed,
    check_office,
    managed_user,
    offices_of_branch,
    unlock,
)
from backend.organisation.users import UserRefused, change_role, reset_password, set_user_active
from backend.ports import Clock
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS

PATH = "/users/{id:[0-9]{1,18}}"
Step = Callable[[AsyncConnection, Actor, int, Form, Clock], Awaitable[None]]


async def show(request: web.Request) -> web.StreamResponse:
    """GET: the page."""
    done = request.query.get("done", "")
    known = done if done in STEPS else ""
    notice = request.app[TEXTS].done[f"user_{known}"] if known else None
    return await _page(request, notice=notice)


async def _page(
    request: web.Request,
    *,
    notice: str | None = None,
    error: str | None = None,
    status: int = 200,
) -> web.Response:
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.read() as connection:
        found = await _found(connection, session.actor, request)
        offices = await offices_of_branch(connection, session.actor)
    user = found.user
    context = {
        "user": user,
        "has_totp": found.has_totp,
        "locked": user.locked_until is not None and user.locked_until > deps.clock.now(),
        "is_me": user.id == session.actor.user_id,
        "offices": offices,
        "roles": [role.value for role in Role],
        "notice": notice,
        "error": error,
        "here": "users",
    }
    return render(request, "user.html", context, status=status)


async def _found(connection: AsyncConnection, actor: Actor, request: web.Request) -> Managed:
    found = await managed_user(connection, actor, int(request.match_info["id"]))
    if found is None:
        raise refuse(404, "")
    return found


async def take_step(request: web.Request) -> web.StreamResponse:
    """POST: one of STEPS, within the branch; then the page again."""
    deps, session = dependencies(request), require_administrator(request)
    name = request.match_info["step"]
    form = await posted_form(request)
    try:
        async with deps.database.write() as connection:
            user = (await _found(connection, session.actor, request)).user
            await STEPS[name](connection, session.actor, user.id, form, deps.clock)
    except UserRefused as refused:
        problem = request.app[TEXTS].word("user_problems", refused.problem)
        return await _page(request, error=problem, status=422)
    raise web.HTTPSeeOther(f"{request.path.rpartition('/')[0]}?done={name}")


async def _change(
    connection: AsyncConnection, actor: Actor, user_id: int, form: Form, clock: Clock
) -> None:
    _not_oneself(actor, user_id)
    org_id = number(form, "org_id") or 0
    await check_office(connection, actor, org_id)
    await change_role(
        connection,
        user_id,
        role=words(form, "role"),
        org_id=org_id,
        now=clock.now(),
        by_user_id=actor.user_id,
    )


async def _disable(
    connection: AsyncConnection, actor: Actor, user_id: int, _form: Form, clock: Clock
) -> None:
    _not_oneself(actor, user_id)
    await set_user_active(connection, user_id, False, clock.now(), by_user_id=actor.user_id)


async def _enable(
    connection: AsyncConnection, actor: Actor, user_id: int, _form: Form, clock: Clock
) -> None:
    await set_user_active(connection, user_id, True, clock.now(), by_user_id=actor.user_id)


async def _unlock(
    connection: AsyncConnection, actor: Actor, user_id: int, _form: Form, clock: Clock
) -> None:
    await unlock(connection, user_id, clock.now(), by_user_id=actor.user_id)


async def _reset_totp(
    connection: AsyncConnection, actor: Actor, user_id: int, _form: Form, clock: Clock
) -> None:
    _not_oneself(actor, user_id)
    await reset_totp(connection, user_id, clock.now(), by_user_id=actor.user_id)


def _not_oneself(actor: Actor, user_id: int) -> None:
    """The last administrator must not lock the door behind themselves."""
    if actor.user_id == user_id:
        raise UserRefused("own")


STEPS: dict[str, Step] = {
    "role": _change,
    "disabled": _disable,
    "enabled": _enable,
    "unlocked": _unlock,
    "totp_reset": _reset_totp,
}


async def give_password(request: web.Request) -> web.StreamResponse:
    """POST: a new one-time password, shown by the answer and nowhere again."""
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.write() as connection:
        user = (await _found(connection, session.actor, request)).user
        if user.id == session.actor.user_id:
            raise web.HTTPSeeOther("/console/password")
        password = one_time_password(login=user.login, name=user.name)
        await reset_password(
            connection, user.id, password, deps.clock.now(), by_user_id=session.actor.user_id
        )
    context = {
        "user_id": user.id,
        "name": user.name,
        "login": user.login,
        "password": password,
        "here": "users",
    }
    return render(request, "user_password.html", context)


ROUTES = (
    web.get(PATH, show, name="user"),
    web.post(f"{PATH}/password", give_password, name="user_password"),
    web.post(f"{PATH}/{{step:{'|'.join(STEPS)}}}", take_step, name="user_step"),
)
