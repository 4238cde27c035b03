"""How a survey stands: who was asked, what they answered; kept fresh while it is open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import hdrs, web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.rendering import render
from backend.console.survey_access import (
    PATH,
    forgotten_since,
    found_survey,
    looks_by_id,
    sms_accounts,
)
from backend.console.survey_figures import question_figures, reason_rows, state_rows
from backend.console.survey_opening_page import closing_day, is_open
from backend.console.survey_wording import SURVEY_TEXTS, preview, shown_text, source_name
from backend.organisation.roles import Permission, may
from backend.surveys.lifecycle import State
from backend.surveys.questions import QuestionType
from backend.surveys.reading import Survey
from backend.surveys.results import Part, Progress, progress, question_counts, sources
from backend.surveys.visibility import manages
from backend.surveys.written_answers import written_answers
from backend.web.dependencies import dependencies
from backend.web.markers import unattended
from backend.web.sessions import require_session

LOOKS = ("wechat", "sms")
SOURCE_LENGTH = 64
FIRST_TEXTS = 5
DONE = frozenset({"opened", "paused", "resumed", "closed", "closing", "tried"})


async def show(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}?source=&look=; a draft of one's own opens where it is written"""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.read() as connection:
        found = await found_survey(connection, request)
    if found.state is State.DRAFT and manages(actor):
        raise web.HTTPFound(request.app.router["survey_questions"].url_for(id=str(found.id)))
    done = request.query.get("done", "")
    return await results_page(
        request, notice=request.app[SURVEY_TEXTS].done[done] if done in DONE else None
    )


@unattended
async def counts(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys/{id}/counts: the same figures alone; 304 while nothing has changed"""
    deps = dependencies(request)
    async with deps.database.read() as connection:
        found = await found_survey(connection, request)
        part = await read_part(connection, request, request.query)
        now = await progress(connection, found.id, part)
        mark = _mark(found, now)
        if request.headers.get(hdrs.IF_NONE_MATCH) == mark:
            return web.Response(status=304, headers={hdrs.ETAG: mark})
        context = await _figures(connection, request, found, part, now)
    response = render(request, "survey_counts.html", context)
    response.headers[hdrs.ETAG] = mark
    return response


async def results_page(
    request: web.Request, *, notice: str | None = None, error: str = "", status: int = 200
) -> web.Response:
    """The whole page, with what became of a step or why it was not taken."""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.read() as connection:
        found = await found_survey(connection, request)
        part = await read_part(connection, request, request.query)
        now = await progress(connection, found.id, part)
        figures = await _figures(connection, request, found, part, now)
        accounts = await sms_accounts(connection, deps, actor)
        places = await sources(connection, found.id)
        forgot = await forgotten_since(connection, [found])
    sms = accounts[0].name if accounts else ""
    context = {
        **figures,
        "preview": preview(deps, found.invitation, found.questions, sms),
        "dear_parts": 99,
        "sources": [
            {"key": key, "name": source_name(deps, request.app[SURVEY_TEXTS], key)}
            for key in places
        ],
        "looks": LOOKS,
        "source": part.source,
        "live": is_open(found),
        "mark": _mark(found, now),
        "closing_day": closing_day(found.closes_at),
        "may_manage": manages(actor),
        "may_export_identity": may(actor.role, Permission.EXPORT_IDENTITY),
        "forgot_since": forgot.get(found.id),
        "notice": notice,
        "error": error,
    }
    return render(request, "survey_results.html", context, status=status)


async def read_part(
    connection: AsyncConnection, request: web.Request, query: Mapping[str, str]
) -> Part:
    """The village or list, and the channel, an address or form asks for; all where it asks for
    what there is not."""
    deps, look = dependencies(request), query.get("look", "")
    ids = None
    if look in LOOKS:
        known = await looks_by_id(connection, deps)
        ids = tuple(sorted(id_ for id_, its in known.items() if its == look))
    return Part(_source(query), ids)


def _source(query: Mapping[str, str]) -> str:
    # PostgreSQL takes no NUL in a text.
    return query.get("source", "")[:SOURCE_LENGTH].replace("\x00", "")


def part_query(query: Mapping[str, str]) -> dict[str, str]:
    """What of a query names a part."""
    return {name: query[name][:SOURCE_LENGTH] for name in ("source", "look") if query.get(name, "")}


def _mark(found: Survey, now: Progress) -> str:
    """Another one whenever a count may have changed: every answer moves its recipient on."""
    seen = [found.version, found.state.value, sorted(now.by_state.items()), now.latest_answer]
    return f'"{hashlib.sha256(repr(seen).encode()).hexdigest()[:20]}"'


async def _figures(
    connection: AsyncConnection,
    request: web.Request,
    found: Survey,
    part: Part,
    now: Progress,
) -> Mapping[str, Any]:
    words, actor = request.app[SURVEY_TEXTS], require_session(request).actor
    counted = await question_counts(connection, found, part)
    figures = [question_figures(words, position, one) for position, one in enumerate(counted, 1)]
    query = part_query(request.query)
    return {
        "here": "surveys",
        "words": words,
        "survey": found,
        "progress": now,
        "state_rows": state_rows(words, now),
        "reason_rows": reason_rows(words, now),
        "figures": figures,
        "texts_of": await _first_texts(connection, actor.role, found, part),
        "part_query": query,
        "look": query.get("look", ""),
        "source": query.get("source", ""),
        "answers_urls": {
            id_: str(
                request.app.router["survey_answers"]
                .url_for(id=str(found.id))
                .with_query({"question": str(id_), **query})
            )
            for id_ in found.question_ids
        },
    }


async def _first_texts(
    connection: AsyncConnection, role: str, found: Survey, part: Part
) -> Mapping[int, Sequence[str]]:
    """The newest texts of each question of free text, numbers masked where they have to be."""
    newest: dict[int, Sequence[str]] = {}
    for id_, question in zip(found.question_ids, found.questions, strict=True):
        if question.type is QuestionType.TEXT:
            page = await written_answers(connection, found.id, id_, part, limit=FIRST_TEXTS)
            newest[id_] = [shown_text(role, one.text) for one in page.answers]
    return newest


ROUTES = (
    web.get(PATH, show, name="survey"),
    web.get(f"{PATH}/counts", counts, name="survey_counts"),
)
