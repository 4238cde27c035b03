"""Petitions ticked in the queue: read from an address or a form, found, and told of in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.forms import Form
from backend.console.queue_filters import asked_by
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.petitions.access import select_visible
from backend.petitions.chosen import MOST_AT_ONCE, Chosen
from backend.petitions.masking import mask_numbers
from backend.petitions.outcomes import Conflict, Forbidden, Missing, Refused
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.sessions import require_session
from backend.web.texts import TEXTS, OfficialTexts

_NUMBER = re.compile(r"[0-9-]{1,24}")
_CHOSEN = re.compile(r"([0-9-]{1,24})\.([0-9]{1,9})")


def require_dispatcher(request: web.Request) -> Actor:
    """Who may do something with many at once. Raises a 403."""
    actor = require_session(request).actor
    if not may(actor.role, Permission.DISPATCH):
        raise web.HTTPForbidden
    return actor


def picked_numbers(request: web.Request) -> Sequence[str]:
    """?pick=number&pick=…, each once, in order. Raises a 422 for none, too many, or what is no
    number."""
    return _distinct(request, request.query.getall("pick", []), _NUMBER)


def picked_versions(request: web.Request, form: Form) -> Sequence[Chosen]:
    """Of a posted form, `pick` being 'number.version'. Raises a 422 as `picked_numbers`."""
    picked = [one for one in form.getall("pick", []) if isinstance(one, str)]
    return [
        Chosen(number, int(version))
        for number, _, version in (
            one.partition(".") for one in _distinct(request, picked, _CHOSEN)
        )
    ]


def _distinct(request: web.Request, values: Sequence[str], form: re.Pattern[str]) -> Sequence[str]:
    words = request.app[TEXTS].bulk
    distinct = list(dict.fromkeys(values))
    if not distinct:
        raise refuse(422, words["none"], "pick")
    if len(distinct) > MOST_AT_ONCE:
        raise refuse(422, words["too_many"].format(most=MOST_AT_ONCE), "pick")
    if not all(form.fullmatch(one) for one in distinct):
        raise refuse(422, "", "pick")
    return distinct


async def found_visible(
    connection: AsyncConnection, actor: Actor, numbers: Sequence[str]
) -> Mapping[str, Row[Any]]:
    """Those the official sees, by number."""
    rows = await connection.execute(select_visible(actor).where(petition.c.number.in_(numbers)))
    return {row.number: row for row in rows}


def title_for(actor: Actor, row: Row[Any]) -> str:
    """The title as this official may read it in a list."""
    return row.title if sees_identity(actor, row) else mask_numbers(row.title)


def refused_words(outcome: Refused, row: Row[Any] | None, texts: OfficialTexts) -> str:
    """As one line of many; `row`, the petition as it is now, if it is seen."""
    words: Mapping[str, str] = texts.bulk
    if isinstance(outcome, Missing) or row is None:
        return words["missing"]
    if isinstance(outcome, Forbidden):
        return words["forbidden"]
    if isinstance(outcome, Conflict):
        return words["changed"]
    return problem_of(outcome, texts).words


def back_to_list(request: web.Request, query: str) -> Mapping[str, str]:
    """The list one came from: its address, and its query for the next form."""
    deps, texts = dependencies(request), request.app[TEXTS]
    asked = asked_by(dict(parse_qsl(query[:1_000])), deps.rules, texts)
    url = request.app.router["queue"].url_for().with_query(asked.query())
    return {"url": str(url), "query": url.query_string}
