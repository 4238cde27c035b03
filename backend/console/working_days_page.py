"""设置 → 工作日: days off and make-up days, year by year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import require_editor
from backend.console.deployment_form import EntryForm, Given, form_routes
from backend.console.forms import Form, words
from backend.deployment.days import FIRST_YEAR, LAST_YEAR, lines, put_year
from backend.deployment.effective import WORKING_DAYS, Effective
from backend.deployment.live import Deployment, Edit
from backend.petitions.deadline import Calendar
from backend.petitions.rules import today
from backend.web.dependencies import dependencies
from backend.web.errors import refuse

PATH = "/deployment/days/{year:[0-9]{4}}"
LONGEST = 4_000


async def working_days(request: web.Request) -> web.StreamResponse:
    """GET: this year's table."""
    require_editor(request)
    year = today(dependencies(request).clock.now()).year
    raise web.HTTPFound(f"/console/deployment/days/{year}")


class YearForm(EntryForm):
    """A year's table."""

    template = "working_days.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.year = int(request.match_info["year"])
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise refuse(404, "")

    def entry(self, now: Effective) -> Any:
        return now.contents[WORKING_DAYS].get(str(self.year))

    def held(self) -> Given:
        entry = self.entry(self.now) or {}
        return {name: lines(entry.get(name) or []) for name in ("closed", "working")}

    def read(self, form: Form) -> Given:
        return {name: words(form, name)[:LONGEST] for name in ("closed", "working")}

    def edit(self, given: Given) -> Edit:
        return lambda now: put_year(now, self.year, given["closed"], given["working"])

    def around(self) -> Mapping[str, Any]:
        this_year = today(dependencies(self.request).clock.now()).year
        return {
            "year": self.year,
            "years": [this_year - 1, this_year, this_year + 1],
            "months": _months(self.year, self.now.calendar),
            "is_listed": bool(self.entry(self.now)),
            "longest": LONGEST,
        }


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


ROUTES = (
    web.get("/deployment/days", working_days, name="working_days"),
    *form_routes(YearForm, PATH, "working_year"),
)
