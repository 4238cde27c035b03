"""设置 → 值班: who is told of an emergency, office by office, for administrators of the branch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from aiohttp import web

from backend.console.forms import Form, number, words
from backend.console.rendering import render
from backend.console.users_page import require_administrator
from backend.duty.roster import DutyRefused, entries, people, put_on_duty, take_off_duty
from backend.organisation.user_admin import offices_of_branch
from backend.petitions.rules import today
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS

PATH = "/duty"
ALWAYS, WEEKDAYS = "always", "weekday"
EMPTY = {"user_id": "", "phone": "", "when": ALWAYS, "weekday": "0", "day": ""}


async def show(request: web.Request) -> web.StreamResponse:
    """GET: the roster and the form."""
    done = request.query.get("done", "")
    notice = request.app[TEXTS].done[f"duty_{done}"] if done in ("added", "removed") else None
    return await _page(request, {}, notice=notice)


async def _page(
    request: web.Request,
    given: Mapping[str, str],
    *,
    notice: str | None = None,
    error: str | None = None,
) -> web.Response:
    deps, session = dependencies(request), require_administrator(request)
    day = today(deps.clock.now())
    async with deps.database.read() as connection:
        listed = await entries(connection, session.actor, day)
        officials = await people(connection, session.actor)
        offices = await offices_of_branch(connection, session.actor)
    context = {
        "entries": listed,
        "people": officials,
        "offices": offices,
        "given": {**EMPTY, "org_id": str(session.actor.org_id), **given},
        "today": day.isoformat(),
        "notice": notice,
        "error": error,
        "here": "users",
    }
    return render(request, "duty.html", context, status=422 if error else 200)


async def add(request: web.Request) -> web.StreamResponse:
    """POST: put somebody on duty."""
    deps, session = dependencies(request), require_administrator(request)
    form = await posted_form(request)
    now = deps.clock.now()
    try:
        on_date, weekday = _when(form)
        async with deps.database.write() as connection:
            await put_on_duty(
                connection,
                session.actor,
                org_id=number(form, "org_id") or 0,
                user_id=number(form, "user_id") or 0,
                phone=words(form, "phone").strip(),
                on_date=on_date,
                weekday=weekday,
                today=today(now),
                now=now,
            )
    except DutyRefused as refused:
        problem = request.app[TEXTS].word("duty_problems", refused.problem)
        given = {name: words(form, name)[:32] for name in ("org_id", *EMPTY)}
        return await _page(request, given, error=problem)
    raise web.HTTPSeeOther(f"{request.path}?done=added")


def _when(form: Form) -> tuple[date | None, int | None]:
    """(day, weekday), both None for always. Raises DutyRefused('day')."""
    when = words(form, "when")
    if when == ALWAYS:
        return None, None
    if when == WEEKDAYS:
        weekday = words(form, "weekday")
        if weekday not in tuple("0123456"):
            raise DutyRefused("day")
        return None, int(weekday)
    try:
        return date.fromisoformat(words(form, "day")), None
    except ValueError as error:
        raise DutyRefused("day") from error


async def remove(request: web.Request) -> web.StreamResponse:
    """POST: take somebody off; 404 for an entry of another branch."""
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.write() as connection:
        ended = await take_off_duty(
            connection, session.actor, int(request.match_info["id"]), deps.clock.now()
        )
    if not ended:
        raise refuse(404, "")
    location = request.app.router["duty"].url_for().with_query(done="removed")
    raise web.HTTPSeeOther(str(location))


ROUTES = (
    web.get(PATH, show, name="duty"),
    web.post(PATH, add),
    web.post(f"{PATH}/{{id:[0-9]{{1,18}}}}/remove", remove, name="duty_remove"),
)
