"""Dispatching what was ticked in the queue: one form for all, then what became of each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.bulk_results import result_line, results_page
from backend.console.bulk_selection import (
    back_to_list,
    found_visible,
    picked_numbers,
    picked_versions,
    refused_words,
    require_dispatcher,
    title_for,
)
from backend.console.petition_page import domain_name
from backend.console.rendering import render
from backend.organisation.sessions import Actor
from backend.organisation.tree import branch, root_path
from backend.petitions.access import permitted
from backend.petitions.bulk_dispatch import (
    DISPATCHABLE,
    BulkDispatch,
    dispatch_each,
)
from backend.petitions.desk_steps import LONGEST_REASON
from backend.petitions.lifecycle import Action
from backend.petitions.offices import Suggestion, suggest_offices
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Outcome,
    Refused,
)
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS, OfficialTexts

SUGGESTED = "suggested"
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
    deps, actor = dependencies(request), require_dispatcher(request)
    numbers = picked_numbers(request)
    async with deps.database.read() as connection:
        found = await found_visible(connection, actor, numbers)
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
        "back": back_to_list(request, request.query.get("back", "")),
    }
    return render(request, "bulk_dispatch.html", context)


async def dispatch(request: web.Request) -> web.StreamResponse:
    """POST /dispatch: dispatch them one after the other, and show what became of each."""
    deps, actor = dependencies(request), require_dispatcher(request)
    form = await posted_form(request)
    chosen = picked_versions(request, form)
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
        found = await found_visible(connection, actor, [one.number for one in chosen])
    rows = [found.get(one.number) for one in chosen]
    results = [
        result_line(actor, one.number, row, _why_not(outcome, row, texts))
        for one, outcome, row in zip(chosen, outcomes, rows, strict=True)
    ]
    return results_page(request, "bulk_dispatched.html", form, results)


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
    return Line(row, title_for(actor, row), domain_name(deps, row.domain), suggestion, why_not)


def _why_not(outcome: Outcome, row: Row[Any] | None, texts: OfficialTexts) -> str:
    """As one line of many, '' where it was done; `row`, the petition as it is now, if it is
    seen."""
    if isinstance(outcome, Done):
        return ""
    if row is not None and row.lead_name and isinstance(outcome, Conflict | Impossible):
        words: str = texts.bulk["dispatched"]
        return words.format(office=row.lead_name)
    return refused_words(outcome, row, texts)


def routes() -> Sequence[web.RouteDef]:
    """The form and its posting."""
    return [
        web.get("/dispatch", choose, name="bulk_dispatch"),
        web.post("/dispatch", dispatch),
    ]
