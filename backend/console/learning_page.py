"""How often officials set the machine right, which model serves and which were tried."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from backend.console.learning_wording import (
    LEARNING_TEXTS,
    cut_title,
    model_facts,
    model_name,
    value_words,
    week_words,
)
from backend.console.overview_wording import percent
from backend.console.query_numbers import number_asked
from backend.console.rendering import render
from backend.learning.drift import (
    FIELDS,
    DriftCut,
    DriftScope,
    ReadCount,
    count_corrected,
    count_readings,
    list_corrected,
    week_of,
)
from backend.learning.drift_summary import Share, by_model, by_value, pairs, weekly
from backend.organisation.audit import latest_events
from backend.organisation.tree import Org, branch
from backend.overview.period import Period
from backend.petitions.rules import today
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.sessions import require_session

SPANS = ("4", "12", "26")  # weeks
USUAL_SPAN = "12"
LATEST_CHANGES = 10
LONGEST_VALUE = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    span: str
    period: Period
    office: Org | None

    @property
    def scope(self) -> DriftScope:
        return DriftScope(self.period, self.office.path if self.office else None)

    def query(self) -> dict[str, str]:
        """The shortest query string that asks the same."""
        query = {} if self.span == USUAL_SPAN else {"weeks": self.span}
        return query | ({"office": str(self.office.id)} if self.office else {})


async def show(request: web.Request) -> web.StreamResponse:
    """GET /console/learning?weeks=12&office="""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.read() as connection:
        offices = await branch(connection, actor.org_path)
        asked = _read_asked(request, offices, deps)
        counts = await count_readings(connection, actor, asked.scope)
        changes = await latest_events(
            connection, request.app[LEARNING_TEXTS].actions, limit=LATEST_CHANGES
        )
    models = await asyncio.to_thread(deps.models.models)
    read = by_model(counts, "domain")
    context = {
        **_common(request, asked),
        "office_choices": [(one.id, one.name) for one in offices],
        "spans": SPANS,
        "weeks": _weeks(request, asked, counts),
        "charts": [
            *(_values(request, asked, counts, field) for field in ("domain", "kind")),
            _pairs(request, asked, counts),
        ],
        "models": [
            model_facts(request, model, read.get(model.version, Share())) for model in models
        ],
        "changes": [
            {
                "at": row.at,
                "what": request.app[LEARNING_TEXTS].word("actions", row.action),
                "model": model_name(request, row.subject),
                "reason": (row.detail or {}).get("reason", ""),
            }
            for row in changes
        ],
    }
    return render(request, "learning.html", context)


async def rows(request: web.Request) -> web.StreamResponse:
    """GET /console/learning/petitions?field=&week=&read=&said=: the petitions a number counts"""
    deps, actor = dependencies(request), require_session(request).actor
    cut = _read_cut(request.query)
    before = number_asked(request.query, "before")
    async with deps.database.read() as connection:
        asked = _read_asked(request, await branch(connection, actor.org_path), deps)
        number = await count_corrected(connection, actor, asked.scope, cut)
        page, further = await list_corrected(connection, actor, asked.scope, cut, before=before)
    context = {
        **_common(request, asked),
        "title": cut_title(request, deps, cut),
        "week": week_words(cut.week) if cut.week else "",
        "number": number,
        "rows": [
            {
                "it": one,
                "read": value_words(request, deps, cut.field, one.read),
                "said": value_words(request, deps, cut.field, one.said),
                "sure": "" if one.confidence is None else f"{one.confidence:.0%}",
            }
            for one in page
        ],
        "field": cut.field,
        "learning_url": str(request.app.router["learning"].url_for().with_query(asked.query())),
        "next_url": _rows_url(request, asked, cut, before=str(further)) if further else None,
    }
    return render(request, "learning_rows.html", context)


ROUTES = (
    web.get("/learning", show, name="learning"),
    web.get("/learning/petitions", rows, name="learning_rows"),
)


def _common(request: web.Request, asked: Asked) -> dict[str, Any]:
    return {"here": "overview", "words": request.app[LEARNING_TEXTS], "asked": asked}


def _read_asked(request: web.Request, offices: Sequence[Org], deps: WebDependencies) -> Asked:
    """Weeks and office of an address; an office outside the branch is left out."""
    span = request.query.get("weeks", "")
    span = span if span in SPANS else USUAL_SPAN
    last = today(deps.clock.now())
    first = week_of(last) - timedelta(weeks=int(span) - 1)
    office = next((one for one in offices if str(one.id) == request.query.get("office")), None)
    return Asked(span, Period(first, last), office)


def _read_cut(query: Mapping[str, str]) -> DriftCut:
    """The part an address asks for. Raises HTTPNotFound for one there is not."""
    field, week = query.get("field", ""), query.get("week")
    read, said = query.get("read"), query.get("said")
    if field not in FIELDS or any(len(one or "") > LONGEST_VALUE for one in (read, said)):
        raise web.HTTPNotFound
    if field == "place" and (read is not None or said is not None):
        raise web.HTTPNotFound  # a place's words would have to stand in the address
    try:
        monday = week_of(date.fromisoformat(week)) if week is not None else None
    except (ValueError, OverflowError):
        raise web.HTTPNotFound from None
    return DriftCut(field, monday, read, said)


def _weeks(
    request: web.Request, asked: Asked, counts: Sequence[ReadCount]
) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "name": week_words(week),
            "looked_at": max(share.looked_at for share in shares.values()),
            "cells": [
                _cell(request, asked, share, DriftCut(field, week=week))
                for field, share in shares.items()
            ],
        }
        for week, shares in weekly(counts, asked.period).items()
    ]


def _values(
    request: web.Request, asked: Asked, counts: Sequence[ReadCount], field: str
) -> Mapping[str, Any]:
    deps = dependencies(request)
    return {
        "name": field,
        "rows": [
            {
                "name": value_words(request, deps, field, value),
                "looked_at": share.looked_at,
                **_cell(request, asked, share, DriftCut(field, read=value)),
            }
            for value, share in by_value(counts, field)
        ],
    }


def _pairs(request: web.Request, asked: Asked, counts: Sequence[ReadCount]) -> Mapping[str, Any]:
    deps = dependencies(request)
    found = [
        {
            "name": " → ".join(
                value_words(request, deps, pair.field, word) for word in (pair.read, pair.said)
            ),
            "number": pair.number,
            "url": _rows_url(request, asked, DriftCut(pair.field, read=pair.read, said=pair.said)),
        }
        for pair in pairs(counts, ("domain", "kind"))
    ]
    return {"name": "pairs", "rows": found}


def _cell(request: web.Request, asked: Asked, share: Share, cut: DriftCut) -> Mapping[str, Any]:
    return {
        "number": share.corrected,
        "percent": percent(share.share),
        "value": "" if share.share is None else f"{100 * share.share:.1f}",
        "url": _rows_url(request, asked, cut) if share.corrected else None,
    }


def _rows_url(request: web.Request, asked: Asked, cut: DriftCut, **more: str) -> str:
    query = {**asked.query(), "field": cut.field}
    if cut.week is not None:
        query["week"] = cut.week.isoformat()
    if cut.read is not None:
        query["read"] = cut.read
    if cut.said is not None:
        query["said"] = cut.said
    return str(request.app.router["learning_rows"].url_for().with_query({**query, **more}))
