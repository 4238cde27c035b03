"""设置 → 工作日: days off and make-up days, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import (
    SEAL,
    Errors,
    current,
    require_editor,
    save,
    seal,
    show_form,
)
from backend.console.forms import words
from backend.deployment.days import FIRST_YEAR, LAST_YEAR, lines, put_year
from backend.deployment.effective import WORKING_DAYS, Effective
from backend.petitions.deadline import Calendar
from backend.petitions.rules import today
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

PATH = "/deployment/days/{year:[0-9]{4}}"
LONGEST = 4_000


async def working_days(request: web.Request) -> web.StreamResponse:
    """GET: this year's table."""
    require_editor(request)
    year = today(dependencies(request).clock.now()).year
    raise web.HTTPFound(f"/console/deployment/days/{year}")


async def year_page(request: web.Request) -> web.StreamResponse:
    """GET: a year's table."""
    return await _page(request)


async def _page(
    request: web.Request, given: Mapping[str, str] | None = None, errors: Errors | None = None
) -> web.Response:
    require_editor(request)
    _, now = await current(request)
    year, this_year = _year(request), today(dependencies(request).clock.now()).year
    context = {
        "year": year,
        "years": [this_year - 1, this_year, this_year + 1],
        "months": _months(year, now.calendar),
        "given": given or _given(now, year),
        "is_listed": bool(_entry(now, year)),
        "longest": LONGEST,
    }
    return show_form(request, "working_days.html", context, errors)


def _year(request: web.Request) -> int:
    year = int(request.match_info["year"])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse(404, "")
    return year


def _entry(now: Effective, year: int) -> Any:
    return now.contents[WORKING_DAYS].get(str(year))


def _given(now: Effective, year: int) -> Mapping[str, str]:
    entry = _entry(now, year) or {}
    table = {name: lines(entry.get(name) or []) for name in ("closed", "working")}
    return {**table, SEAL: seal(_entry(now, year))}


def _months(year: int, calendar: Calendar) -> list[Mapping[str, Any]]:
    """Twelve months as weeks of days: number, whether worked, whether that is unusual."""
    found: list[Mapping[str, Any]] = []
    for month in range(1, 13):
        first = date(year, month, 1)
        day = first
        listed: list[Mapping[str, Any] | None] = [None] * first.weekday()
        worked = 0
        while day.month == month:
            works = calendar.is_working(day)
            worked += works
            listed.append({"day": day.day, "works": works, "odd": works == (day.weekday() > 4)})
            day += timedelta(days=1)
        listed += [None] * (-len(listed) % 7)
        weeks = [listed[at : at + 7] for at in range(0, len(listed), 7)]
        found.append({"month": month, "weeks": weeks, "worked": worked})
    return found


async def change(request: web.Request) -> web.StreamResponse:
    """POST: a year's table as the form has it."""
    require_editor(request)
    year, form = _year(request), await posted_form(request)
    given = {name: words(form, name)[:LONGEST] for name in ("closed", "working", SEAL)}
    errors = await save(
        request,
        lambda now: put_year(now, year, given["closed"], given["working"]),
        lambda now: _entry(now, year),
    )
    if errors:
        return await _page(request, given, errors)
    raise web.HTTPSeeOther(f"{request.path}?done=saved")


ROUTES = (
    web.get("/deployment/days", working_days, name="working_days"),
    web.get(PATH, year_page, name="working_year"),
    web.post(PATH, change),
)
