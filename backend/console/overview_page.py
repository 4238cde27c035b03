"""总览: what people need, where, and whether it is getting better; and the rows behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from backend.console.hot_page import HINTED, issue_line, span_of
from backend.console.overview_wording import (
    OVERVIEW_TEXTS,
    change,
    cut_title,
    duration,
    mean,
    percent,
    period_words,
    place_names,
)
from backend.console.petition_page import domain_name
from backend.console.query_numbers import number_asked
from backend.console.rendering import render
from backend.console.wording import day_words
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tree import Org, branch
from backend.overview.cut import WHOLE, Cut, NoSuchCut, cut_of
from backend.overview.facts import Scope
from backend.overview.figures import Counts, count_petitions
from backend.overview.period import BadPeriod, Period, chosen, day_number, latest
from backend.overview.rows import count_rows, list_rows
from backend.overview.summary import (
    LEVELS,
    Line,
    PlaceNames,
    Summary,
    lines,
    place_lines,
    summarise,
)
from backend.petitions.hot import hot_issues
from backend.petitions.rules import today
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

SPANS = ("7", "30", "90")
USUAL_SPAN = "30"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for. `problem`: why its days could not be taken, '' where they could."""

    period: Period
    span: str
    office: Org | None
    problem: str

    @property
    def scope(self) -> Scope:
        return Scope(self.period, self.office.path if self.office else None)

    def query(self) -> dict[str, str]:
        """The shortest query string that asks the same."""
        if self.span:
            query = {} if self.span == USUAL_SPAN else {"days": self.span}
        else:
            query = {"from": str(self.period.first), "to": str(self.period.last)}
        return query | ({"office": str(self.office.id)} if self.office else {})


async def overview(request: web.Request) -> web.StreamResponse:
    """GET /console/overview?days=30 or from=&to=; office="""
    deps, actor = dependencies(request), require_session(request).actor
    now = deps.clock.now()
    async with deps.database.read() as connection:
        offices = await branch(connection, actor.org_path)
        asked = read_asked(request.query, offices, deps)
        counts = await count_petitions(connection, actor, asked.scope, deps.rules.calendar, now)
        earlier = Scope(asked.period.before, asked.scope.org_path)
        before = await count_petitions(connection, actor, earlier, deps.rules.calendar, now)
        hot = await hot_issues(connection, actor, span_of(asked.period), limit=HINTED)
    context = {
        **common(request, actor, asked, offices, WHOLE),
        "tiles": _tiles(request, asked, summarise(counts), summarise(before)),
        "charts": _charts(request, asked, counts, before, deps),
        "summary": summarise(counts),
        "hot": [issue_line(request, deps, one) for one in hot],
    }
    return render(request, "overview.html", context, status=422 if asked.problem else 200)


async def rows(request: web.Request) -> web.StreamResponse:
    """GET /console/overview/petitions: the petitions a number counts"""
    return await show_rows(request, request.query, "")


async def show_rows(
    request: web.Request, query: Mapping[str, str], problem: str
) -> web.StreamResponse:
    """The list a query asks for, with why an export of it was refused."""
    deps, actor = dependencies(request), require_session(request).actor
    now, calendar = deps.clock.now(), deps.rules.calendar
    async with deps.database.read() as connection:
        offices = await branch(connection, actor.org_path)
        asked = read_asked(query, offices, deps)
        cut = read_cut(request, query, asked, deps)
        before = number_asked(query, "before")
        number = await count_rows(connection, actor, asked.scope, cut, calendar, now)
        page, further = await list_rows(
            connection, actor, asked.scope, cut, calendar, now, before=before
        )
    context = {
        **common(request, actor, asked, offices, cut),
        "problem": problem or asked.problem,
        "title": cut_title(request, cut, deps),
        "number": number,
        "rows": [
            {
                "it": one,
                "domain_name": domain_name(deps, one.domain),
                "place_name": place_names(deps, one.place_code)[2],
                "wait": duration(one.waited),
            }
            for one in page
        ],
        "overview_url": str(request.app.router["overview"].url_for().with_query(asked.query())),
        "next_url": _rows_url(request, asked, cut, before=str(further)) if further else None,
    }
    refused = bool(problem or asked.problem)
    return render(request, "overview_rows.html", context, status=422 if refused else 200)


def common(
    request: web.Request, actor: Actor, asked: Asked, offices: Sequence[Org], cut: Cut
) -> dict[str, Any]:
    """What both pages and the export form need."""
    words = request.app[OVERVIEW_TEXTS]
    return {
        "here": "overview",
        "words": words,
        "asked": asked,
        "problem": asked.problem and words.problems[asked.problem],
        "office_choices": [(one.id, one.name) for one in offices],
        "spans": SPANS,
        "period_words": period_words(asked.period),
        "before_words": period_words(asked.period.before),
        "may_export_identity": may(actor.role, Permission.EXPORT_IDENTITY),
        "export_fields": {**asked.query(), "by": cut.by, "key": cut.key},
    }


def read_asked(query: Mapping[str, str], offices: Sequence[Org], deps: WebDependencies) -> Asked:
    """Days and office of an address; an office outside the branch is left out."""
    day = today(deps.clock.now())
    office = next((one for one in offices if str(one.id) == query.get("office")), None)
    span = query.get("days", "")
    problem = ""
    if not span and (query.get("from") or query.get("to")):
        try:
            period = chosen(query.get("from", ""), query.get("to", ""), day)
            return Asked(period, "", office, "")
        except BadPeriod as error:
            problem = error.problem
    span = span if span in SPANS else USUAL_SPAN
    return Asked(latest(int(span), day), span, office, problem)


def read_cut(
    request: web.Request, query: Mapping[str, str], asked: Asked, deps: WebDependencies
) -> Cut:
    """The part an address asks for. Raises HTTPNotFound for one there is not."""
    catalogue = deps.rules.catalogue
    try:
        return cut_of(
            query.get("by", "all"),
            query.get("key", ""),
            asked.period,
            catalogue.services,
            catalogue.divisions,
            request.app[TEXTS].channels,
        )
    except NoSuchCut:
        raise web.HTTPNotFound from None


def _tiles(
    request: web.Request, asked: Asked, now: Summary, before: Summary
) -> Sequence[Mapping[str, str]]:
    def tile(name: str, value: str, was: str, note: str, by: str, key: str) -> Mapping[str, str]:
        url = _rows_url(request, asked, Cut(by, key))
        return {"name": name, "value": value, "was": was, "note": note, "url": url}

    return [
        tile("received", str(now.received), str(before.received), change(now, before), "all", ""),
        tile(
            "wait", duration(now.median_wait), duration(before.median_wait),
            f"已答复 {now.answered} 件", "answered", "yes",
        ),
        tile(
            "p90", duration(now.p90_wait), duration(before.p90_wait),
            f"已答复 {now.answered} 件", "answered", "yes",
        ),
        tile(
            "on_time", percent(now.on_time_rate), percent(before.on_time_rate),
            f"{now.on_time} / {now.decided} 件", "timeliness", "decided",
        ),
        tile(
            "satisfaction", mean(now.mean_rating), mean(before.mean_rating),
            f"评价了 {now.rated} 件", "rating", "rated",
        ),
        tile(
            "reopened", f"{now.reopened} 件", f"{before.reopened} 件",
            f"占已答复的 {percent(now.reopened_rate)}", "reopened", "yes",
        ),
        tile(
            "reminders", f"{now.reminded} 件", f"{before.reminded} 件",
            f"共 {now.reminders} 次", "reminded", "yes",
        ),
    ]  # fmt: skip


def _charts(
    request: web.Request, asked: Asked, now: Counts, before: Counts, deps: WebDependencies
) -> Sequence[Mapping[str, Any]]:
    words, texts = request.app[OVERVIEW_TEXTS], request.app[TEXTS]
    catalogue = deps.rules.catalogue

    def row(by: str, line: Line) -> Mapping[str, Any]:
        return {
            "name": line.name,
            "now": line.now,
            "before": line.before,
            "url": _rows_url(request, asked, Cut(by, line.value)) if line.now else None,
            "parts": [row(by, part) for part in line.parts],
        }

    domains = {code: one.name for code, one in catalogue.services.items()}
    places = PlaceNames(words.places["unknown"], words.places["somewhere"])
    levels = [
        Line(str(level), texts.word("ratings", level), *_both("rating", str(level), now, before))
        for level in LEVELS
    ]
    found: Mapping[str, Sequence[Line]] = {
        "day": _days(asked.period, now, before),
        "domain": lines("domain", domains, now, before),
        "place": place_lines(catalogue.divisions, places, now, before),
        "channel": lines("channel", texts.channels, now, before),
        "rating": levels,
    }
    return [
        {
            "name": name,
            "kind": "line" if name == "day" else "bar",
            "rows": [row(name, one) for one in each],
        }
        for name, each in found.items()
    ]


def _days(period: Period, now: Counts, before: Counts) -> Sequence[Line]:
    pairs = zip(period.each_day(), period.before.each_day(), strict=True)
    return [
        Line(
            day.isoformat(),
            day_words(day),
            now.by["day"].get(str(day_number(day)), 0),
            before.by["day"].get(str(day_number(earlier)), 0),
        )
        for day, earlier in pairs
    ]


def _both(dimension: str, value: str, now: Counts, before: Counts) -> tuple[int, int]:
    return now.by[dimension].get(value, 0), before.by[dimension].get(value, 0)


def _rows_url(request: web.Request, asked: Asked, cut: Cut, **more: str) -> str:
    query = {**asked.query(), "by": cut.by, "key": cut.key, **more}
    return str(request.app.router["overview_rows"].url_for().with_query(query))
