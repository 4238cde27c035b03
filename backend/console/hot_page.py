"""热点: what several people brought up at one place, and the petitions of one such issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import Row

from backend.console.overview_wording import period_words, place_names
from backend.console.petition_page import domain_name
from backend.console.queue_page import place_groups
from backend.console.rendering import render
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.overview.period import Period, latest
from backend.petitions.access import permitted
from backend.petitions.heat import STEADY
from backend.petitions.hot import ORDERS, HotIssue, Span, hot_issues, petitions_of_issue
from backend.petitions.lifecycle import Action, By, possible
from backend.petitions.masking import mask_numbers
from backend.petitions.outcomes import Done
from backend.petitions.rules import today
from backend.petitions.visibility import sees_identity
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

SPANS = ("7", "30", "90")
USUAL_SPAN = "30"
HINTED = 3
MOST_AT_ONCE = 100
_RISING, _FALLING = 1.15, 0.87


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address of the list asks for."""

    days: str
    place: str
    order: str

    def query(self, **changes: str) -> dict[str, str]:
        """The shortest query that asks the same, with changes."""
        wanted = {"days": self.days, "place": self.place, "order": self.order, **changes}
        usual = {"days": USUAL_SPAN, "place": "", "order": ORDERS[0]}
        return {name: value for name, value in wanted.items() if value != usual[name]}


async def hot(request: web.Request) -> web.StreamResponse:
    """GET /console/hot?days=30&place=&order="""
    deps, actor = dependencies(request), require_session(request).actor
    asked = _asked(request, deps)
    period = latest(int(asked.days), today(deps.clock.now()))
    places = deps.rules.catalogue.within(asked.place) if asked.place else ()
    async with deps.database.read() as connection:
        found = await hot_issues(
            connection, actor, span_of(period), place_codes=places, order=asked.order
        )
    url = request.app.router["hot"].url_for()
    context = {
        "here": "hot",
        "asked": asked,
        "period_words": period_words(period),
        "before_words": period_words(period.before),
        "steady": STEADY,
        "spans": [(days, url.with_query(asked.query(days=days))) for days in SPANS],
        "orders": [(order, url.with_query(asked.query(order=order))) for order in ORDERS],
        "places": place_groups(deps.rules),
        "issues": [issue_line(request, deps, one) for one in found],
    }
    return render(request, "hot.html", context)


async def issue(request: web.Request) -> web.StreamResponse:
    """GET /console/hot/{issue}: its petitions"""
    deps, actor = dependencies(request), require_session(request).actor
    issue_id = int(request.match_info["issue"])
    async with deps.database.read() as connection:
        rows = await petitions_of_issue(connection, actor, issue_id)
    if not rows:
        raise web.HTTPNotFound
    lines = [_petition_line(deps, actor, row) for row in rows]
    done = request.query.get("done", "")
    merged = int(done) if done.isascii() and done.isdigit() and len(done) <= 3 else None
    context = {
        "here": "hot",
        "issue": issue_id,
        "first": lines[-1],
        "lines": lines,
        "citizens": len({row.citizen_id for row in rows}),
        "mergeable": may(actor.role, Permission.DISPATCH)
        and sum(line["mergeable"] for line in lines) > 1,
        "merged": merged,
    }
    return render(request, "hot_issue.html", context)


async def merge(request: web.Request) -> web.StreamResponse:
    """POST /console/hot/{issue}/merge: handle those ticked as one, each in its own transaction:
    what is done stays done if another was refused"""
    deps, actor = dependencies(request), require_session(request).actor
    if not may(actor.role, Permission.DISPATCH):
        raise web.HTTPForbidden
    form = await posted_form(request)
    picked = list(dict.fromkeys(one for one in form.getall("pick", []) if isinstance(one, str)))
    if not 2 <= len(picked) <= MOST_AT_ONCE:
        raise refuse(422, request.app[TEXTS].hot["pick"].format(most=MOST_AT_ONCE), "pick")
    issue_id = int(request.match_info["issue"])
    async with deps.database.read() as connection:
        rows = await petitions_of_issue(connection, actor, issue_id)
    if not rows:
        raise web.HTTPNotFound
    versions = {row.number: row.version for row in rows if row.number in picked}
    first, *others = sorted(versions) or [""]
    done = 0
    for number in others:
        async with deps.database.write() as connection:
            outcome = await deps.desk.merge(connection, actor, number, versions[number], first)
        done += isinstance(outcome, Done)
    url = request.app.router["hot_issue"].url_for(issue=str(issue_id))
    raise web.HTTPSeeOther(url.with_query(done=str(done)))


def span_of(period: Period) -> Span:
    """The period and the one before it, as moments."""
    return Span(period.before.start, period.start, period.end)


def issue_line(request: web.Request, deps: WebDependencies, one: HotIssue) -> Mapping[str, Any]:
    """An issue with words for people."""
    tone = "rising" if one.growth >= _RISING else "falling" if one.growth <= _FALLING else "steady"
    return {
        "it": one,
        "url": str(request.app.router["hot_issue"].url_for(issue=str(one.id))),
        "domain_name": domain_name(deps, one.domain),
        "place_name": place_names(deps, one.place_code or "")[2] or one.place,
        "tone": tone,
    }


def _asked(request: web.Request, deps: WebDependencies) -> Asked:
    """Anything unknown in the address is left out."""
    query = request.query
    days, place, order = (query.get(name, "") for name in ("days", "place", "order"))
    return Asked(
        days if days in SPANS else USUAL_SPAN,
        place if place in deps.rules.catalogue.divisions else "",
        order if order in ORDERS else ORDERS[0],
    )


def _petition_line(deps: WebDependencies, actor: Actor, row: Row[Any]) -> Mapping[str, Any]:
    return {
        "number": row.number,
        "title": row.title if sees_identity(actor, row) else mask_numbers(row.title),
        "state": row.state,
        "place": row.place,
        "domain_name": domain_name(deps, row.domain),
        "place_name": place_names(deps, row.place_code or "")[2] or row.place,
        "lead_name": row.lead_name,
        "received_at": row.received_at,
        "mergeable": permitted(actor, row, Action.MERGE)
        and possible(row.state, Action.MERGE, By.OFFICIAL),
    }


ROUTES: Sequence[web.RouteDef] = (
    web.get("/hot", hot, name="hot"),
    web.get("/hot/{issue:[0-9]{1,15}}", issue, name="hot_issue"),
    web.post("/hot/{issue:[0-9]{1,15}}/merge", merge, name="hot_merge"),
)
