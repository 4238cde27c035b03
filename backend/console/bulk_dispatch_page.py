"""Dispatching what was ticked in the queue: one form for all, then what became of each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.petition_page import domain_name
from backend.console.queue_filters import asked_by
from backend.console.rendering import render
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tree import branch, root_path
from backend.petitions.access import permitted, select_visible
from backend.petitions.bulk_dispatch import (
    DISPATCHABLE,
    MOST_AT_ONCE,
    BulkDispatch,
    Chosen,
    dispatch_each,
)
from backend.petitions.desk_steps import LONGEST_REASON
from backend.petitions.lifecycle import Action
from backend.petitions.masking import mask_numbers
from backend.petitions.offices import Suggestion, suggest_offices
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Missing,
    Outcome,
    Refused,
)
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

SUGGESTED = "suggested"
_NUMBER = re.compile(r"[0-9-]{1,24}")
_CHOSEN = re.compile(r"([0-9-]{1,24})\.([0-9]{1,9})")
_TOKEN = re.compile(r"[\w-]{16,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """A petition on the form; `why_not` says why it is left out, '' where it can be dispatched."""

    row: Row[Any]
    title: str
    domain: str
    suggestion: Suggestion
    why_not: str


async def choose(request: web.Request) -> web.StreamResponse:
    """GET /dispatch?pick=number&pick=…: the form."""
    deps, actor = dependencies(request), _dispatcher(request)
    numbers = _distinct(request, request.query.getall("pick", []), _NUMBER)
    async with deps.database.read() as connection:
        found = await _found(connection, actor, numbers)
        rows = [found[number] for number in numbers if number in found]
        lines = [await _line(connection, deps, request.app[TEXTS], actor, row) for row in rows]
        orgs = await branch(connection, root_path(actor.org_path))
    ready = [line for line in lines if not line.why_not]
    leads = [line.suggestion.lead for line in ready]
    agreed = leads[0] if leads and len(set(leads)) == 1 else None
    context = {
        "here": "queue",
        "ready": ready,
        "left_out": [line for line in lines if line.why_not],
        "unseen": len(numbers) - len(rows),
        "agreed": agreed,
        "suggested": any(leads),
        "offices": [one for one in orgs if one.parent_id is not None],
        "token": secrets.token_urlsafe(16),
        "back": _back(request, request.query.get("back", "")),
    }
    return render(request, "bulk_dispatch.html", context)


async def dispatch(request: web.Request) -> web.StreamResponse:
    """POST /dispatch: dispatch them one after the other, and show what became of each."""
    deps, actor = dependencies(request), _dispatcher(request)
    form = await posted_form(request)
    picked = [one for one in form.getall("pick", []) if isinstance(one, str)]
    chosen = [
        Chosen(number, int(version))
        for number, _, version in (
            one.partition(".") for one in _distinct(request, picked, _CHOSEN)
        )
    ]
    texts = request.app[TEXTS]
    token, reason = forms.words(form, "token"), forms.words(form, "reason")
    if not _TOKEN.fullmatch(token):
        raise refuse(422, "", "token")
    if len(reason) > LONGEST_REASON:
        problem = problem_of(Invalid("reason", "too_long"), texts)
        raise refuse(problem.status, problem.words, problem.field)
    by_catalogue = forms.words(form, "lead") == SUGGESTED
    lead = None if by_catalogue else forms.required_number(form, "lead")
    wanted = BulkDispatch(token, lead, reason)
    outcomes = await dispatch_each(deps.database, deps.desk, actor, wanted, chosen)
    async with deps.database.read() as connection:
        found = await _found(connection, actor, [one.number for one in chosen])
    results = [
        _result(one, outcome, found.get(one.number), actor, texts)
        for one, outcome in zip(chosen, outcomes, strict=True)
    ]
    context = {
        "here": "queue",
        "done": [one for one in results if not one["why_not"]],
        "not_done": [one for one in results if one["why_not"]],
        "back": _back(request, forms.words(form, "back")),
    }
    return render(request, "bulk_dispatched.html", context)


def _dispatcher(request: web.Request) -> Actor:
    actor = require_session(request).actor
    if not may(actor.role, Permission.DISPATCH):
        raise web.HTTPForbidden
    return actor


def _distinct(request: web.Request, values: Sequence[str], form: re.Pattern[str]) -> Sequence[str]:
    """Each once, in order. Raises a 422 for none, too many, or what has another form."""
    words = request.app[TEXTS].bulk
    distinct = list(dict.fromkeys(values))
    if not distinct:
        raise refuse(422, words["none"], "pick")
    if len(distinct) > MOST_AT_ONCE:
        raise refuse(422, words["too_many"].format(most=MOST_AT_ONCE), "pick")
    if not all(form.fullmatch(one) for one in distinct):
        raise refuse(422, "", "pick")
    return distinct


async def _found(
    connection: AsyncConnection, actor: Actor, numbers: Sequence[str]
) -> Mapping[str, Row[Any]]:
    """Those the official sees, by number."""
    rows = await connection.execute(select_visible(actor).where(petition.c.number.in_(numbers)))
    return {row.number: row for row in rows}


async def _line(
    connection: AsyncConnection,
    deps: WebDependencies,
    texts: OfficialTexts,
    actor: Actor,
    row: Row[Any],
) -> Line:
    refused: Refused | None = None
    suggestion = Suggestion(None)
    if not permitted(actor, row, Action.DISPATCH):
        refused = Forbidden(Action.DISPATCH.value)
    elif row.state not in DISPATCHABLE:
        refused = Impossible(row.state, Action.DISPATCH.value)
    else:
        suggestion = await suggest_offices(
            connection,
            deps.rules,
            petition_id=row.id,
            domain=row.domain,
            place_code=row.place_code,
        )
    why_not = _why_not(refused, row, texts) if refused else ""
    return Line(row, _title(actor, row), domain_name(deps, row.domain), suggestion, why_not)


def _result(
    one: Chosen, outcome: Outcome, row: Row[Any] | None, actor: Actor, texts: OfficialTexts
) -> Mapping[str, Any]:
    return {
        "number": one.number,
        "title": _title(actor, row) if row else "",
        "office": row.lead_name if row else None,
        "seen": row is not None,
        "why_not": "" if isinstance(outcome, Done) else _why_not(outcome, row, texts),
    }


def _why_not(outcome: Refused, row: Row[Any] | None, texts: OfficialTexts) -> str:
    """As one line of many; `row`, the petition as it is now, if it is seen."""
    words: Mapping[str, str] = texts.bulk
    if isinstance(outcome, Missing) or row is None:
        return words["missing"]
    if isinstance(outcome, Forbidden):
        return words["forbidden"]
    if row.lead_name and isinstance(outcome, Conflict | Impossible):
        return words["dispatched"].format(office=row.lead_name)
    if isinstance(outcome, Conflict):
        return words["changed"]
    return problem_of(outcome, texts).words


def _title(actor: Actor, row: Row[Any]) -> str:
    return row.title if sees_identity(actor, row) else mask_numbers(row.title)


def _back(request: web.Request, query: str) -> Mapping[str, str]:
    """The list one came from: its address, and its query for the next form."""
    deps, texts = dependencies(request), request.app[TEXTS]
    asked = asked_by(dict(parse_qsl(query[:1_000])), deps.rules, texts)
    url = request.app.router["queue"].url_for().with_query(asked.query())
    return {"url": str(url), "query": url.query_string}


def routes() -> Sequence[web.RouteDef]:
    """The form and its posting."""
    return [
        web.get("/dispatch", choose, name="bulk_dispatch"),
        web.post("/dispatch", dispatch),
    ]
