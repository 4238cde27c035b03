"""Merging what was ticked in the queue: which one leads, then what became of each."""

from __future__ import annotations

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
from backend.petitions.access import permitted
from backend.petitions.bulk_merge import merge_each
from backend.petitions.desk_merging import leading_first
from backend.petitions.joining import count_joined, joinable
from backend.petitions.lifecycle import Action, By, possible
from backend.petitions.outcomes import Done, Forbidden, Impossible, Invalid, Outcome, Refused
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS, OfficialTexts


@dataclass(frozen=True, slots=True)
class Line:
    """A petition on the form. `others`: how many follow it already."""

    row: Row[Any]
    title: str
    domain: str
    others: int


async def choose(request: web.Request) -> web.StreamResponse:
    """GET /merge?pick=number&pick=…: the form, the one that leads best ticked."""
    deps, actor = dependencies(request), require_dispatcher(request)
    texts, numbers = request.app[TEXTS], picked_numbers(request)
    async with deps.database.read() as connection:
        found = await found_visible(connection, actor, numbers)
        problems = {row.id: await _problem(connection, actor, row) for row in found.values()}
        mergeable = [row for row in found.values() if problems[row.id] is None]
        lines = [
            Line(
                row,
                title_for(actor, row),
                domain_name(deps, row.domain),
                await count_joined(connection, row.id),
            )
            for row in await leading_first(connection, mergeable)
        ]
    left_out = [
        {"row": row, "title": title_for(actor, row), "why_not": refused_words(problem, row, texts)}
        for row in found.values()
        if (problem := problems[row.id]) is not None
    ]
    context = {
        "here": "queue",
        "lines": lines,
        "left_out": left_out,
        "unseen": len(numbers) - len(found),
        "back": back_to_list(request, request.query.get("back", "")),
    }
    return render(request, "bulk_merge.html", context)


async def merge(request: web.Request) -> web.StreamResponse:
    """POST /merge: let the others follow `main`, one after the other, and show what became of
    each."""
    deps, actor = dependencies(request), require_dispatcher(request)
    texts, form = request.app[TEXTS], await posted_form(request)
    chosen = picked_versions(request, form)
    main = next((one for one in chosen if one.number == forms.words(form, "main")), None)
    if main is None or len(chosen) < 2:
        raise refuse(422, texts.bulk["no_main"], "main")
    others = [one for one in chosen if one.number != main.number]
    outcomes = await merge_each(deps.database, deps.desk, actor, main, others)
    async with deps.database.read() as connection:
        found = await found_visible(connection, actor, [one.number for one in chosen])
    rows = [found.get(one.number) for one in others]
    results = [
        result_line(actor, one.number, row, _why_not(outcome, row, texts))
        for one, outcome, row in zip(others, outcomes, rows, strict=True)
    ]
    row = found.get(main.number)
    leading = result_line(actor, main.number, row, "") if row is not None else None
    return results_page(request, "bulk_merged.html", form, results, main=leading)


async def _problem(connection: AsyncConnection, actor: Actor, row: Row[Any]) -> Refused | None:
    """Why this one can be merged with nothing."""
    if not permitted(actor, row, Action.MERGE):
        return Forbidden(Action.MERGE.value)
    if not possible(row.state, Action.MERGE, By.OFFICIAL):
        return Impossible(row.state, Action.MERGE.value)
    if not await joinable(connection, row):
        return Invalid("other", "merge_confidential" if row.confidential else "merge_recused")
    return None


def _why_not(outcome: Outcome, row: Row[Any] | None, texts: OfficialTexts) -> str:
    return "" if isinstance(outcome, Done) else refused_words(outcome, row, texts)


def routes() -> Sequence[web.RouteDef]:
    """The form and its posting."""
    return [
        web.get("/merge", choose, name="bulk_merge"),
        web.post("/merge", merge),
    ]
