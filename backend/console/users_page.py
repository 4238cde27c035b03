"""The officials of an administrator's branch, and adding one."""

from __future__ import annotations

from aiohttp import web

from backend.console.forms import number, words
from backend.console.rendering import render
from backend.organisation.passwords import one_time_password
from backend.organisation.roles import Permission, Role, may
from backend.organisation.sessions import Session
from backend.organisation.user_admin import check_office, managed_users, offices_of_branch
from backend.organisation.users import UserRefused, create_user, normal_login
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

SEARCH_LENGTH = 64


async def users(request: web.Request) -> web.StreamResponse:
    """GET: the list, searched by name, log-in or office."""
    deps, session = dependencies(request), require_administrator(request)
    sought = request.query.get("q", "")[:SEARCH_LENGTH]
    async with deps.database.read() as connection:
        found = await managed_users(connection, session.actor, sought)
    return render(
        request,
        "users.html",
        {"users": found, "q": sought, "now": deps.clock.now(), "here": "users"},
    )


def require_administrator(request: web.Request) -> Session:
    """The session of someone who may manage users. Raises a 403."""
    session = require_session(request)
    if not may(session.actor.role, Permission.MANAGE_USERS):
        raise refuse(403, "")
    return session


async def new_user(request: web.Request) -> web.StreamResponse:
    """GET: the form."""
    return await _form(request, {})


async def _form(
    request: web.Request, given: dict[str, object], *, error: str | None = None, status: int = 200
) -> web.Response:
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.read() as connection:
        offices = await offices_of_branch(connection, session.actor)
    context = {
        "offices": offices,
        "roles": [role.value for role in Role],
        "given": {"login": "", "name": "", "org_id": None, "role": Role.HANDLER.value, **given},
        "error": error,
        "here": "users",
    }
    return render(request, "user_new.html", context, status=status)


async def add_user(request: web.Request) -> web.StreamResponse:
    """POST: add one; their one-time password is shown by the answer, and nowhere again."""
    deps, session = dependencies(request), require_administrator(request)
    form = await posted_form(request)
    given: dict[str, object] = {
        "login": words(form, "login")[:SEARCH_LENGTH],
        "name": words(form, "name")[:SEARCH_LENGTH],
        "role": words(form, "role"),
        "org_id": number(form, "org_id"),
    }
    password = one_time_password(login=normal_login(words(form, "login")), name=words(form, "name"))
    try:
        async with deps.database.write() as connection:
            await check_office(connection, session.actor, number(form, "org_id") or 0)
            user_id = await create_user(
                connection,
                login=words(form, "login"),
                name=words(form, "name"),
                password=password,
                org_id=number(form, "org_id") or 0,
                role=words(form, "role"),
                now=deps.clock.now(),
                must_change_password=True,
                by_user_id=session.actor.user_id,
            )
    except UserRefused as refused:
        problem = request.app[TEXTS].word("user_problems", refused.problem)
        return await _form(request, given, error=problem, status=422)
    context = {
        "user_id": user_id,
        "name": words(form, "name").strip(),
        "login": words(form, "login").strip().lower(),
        "password": password,
        "here": "users",
    }
    return render(request, "user_password.html", context)


ROUTES = (
    web.get("/users", users, name="users"),
    web.get("/users/new", new_user, name="new_user"),
    web.post("/users/new", add_user),
)
