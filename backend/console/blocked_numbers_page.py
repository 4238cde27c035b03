"""设置 → 不打扰名单: numbers nothing is pushed to, the limits of pushing that hold, and who opted
out lately; for administrators of the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from aiohttp import web

from backend.console.forms import words
from backend.console.rendering import render
from backend.console.users_page import require_administrator
from backend.petitions.masking import mask_numbers, mask_phone
from backend.surveys.blocked_numbers import (
    LONGEST_REASON,
    BlockRefused,
    Decided,
    block,
    entries,
    latest_decisions,
    unblock,
)
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS

PATH = "/blocked-numbers"
EMPTY = {"number": "", "reason": ""}
LONGEST_WORDS = 30


async def show(request: web.Request) -> web.StreamResponse:
    """GET: the list, the form, the limits."""
    done = request.query.get("done", "")
    notice = request.app[TEXTS].done[f"number_{done}"] if done in ("added", "removed") else None
    return await _page(request, {}, notice=notice)


async def _page(
    request: web.Request,
    given: Mapping[str, str],
    *,
    notice: str | None = None,
    error: str | None = None,
) -> web.Response:
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.read() as connection:
        listed, number = await entries(connection, session.actor)
        decided = await latest_decisions(connection, session.actor)
    context = {
        "entries": listed,
        "number": number,
        "decided": [_masked(one) for one in decided],
        "limits": deps.push_limits,
        "longest_reason": LONGEST_REASON,
        "given": {**EMPTY, **given},
        "notice": notice,
        "error": error,
        "here": "deployment",
    }
    return render(request, "blocked_numbers.html", context, status=422 if error else 200)


def _masked(one: Decided) -> Decided:
    shown = mask_numbers(one.words)[:LONGEST_WORDS]
    return replace(one, address=mask_phone(one.address), words=shown)


async def add(request: web.Request) -> web.StreamResponse:
    """POST: put a number on the list."""
    deps, session = dependencies(request), require_administrator(request)
    form = await posted_form(request)
    try:
        async with deps.database.write() as connection:
            await block(
                connection,
                session.actor,
                words(form, "number"),
                words(form, "reason"),
                deps.clock.now(),
            )
    except BlockRefused as refused:
        problem = request.app[TEXTS].word("number_problems", refused.problem)
        given = {name: words(form, name)[:LONGEST_REASON] for name in EMPTY}
        return await _page(request, given, error=problem)
    raise web.HTTPSeeOther(f"{request.path}?done=added")


async def remove(request: web.Request) -> web.StreamResponse:
    """POST: take a number off; 404 for an entry of another branch."""
    deps, session = dependencies(request), require_administrator(request)
    async with deps.database.write() as connection:
        ended = await unblock(
            connection, session.actor, int(request.match_info["id"]), deps.clock.now()
        )
    if not ended:
        raise refuse(404, "")
    location = request.app.router["blocked_numbers"].url_for().with_query(done="removed")
    raise web.HTTPSeeOther(str(location))


ROUTES = (
    web.get(PATH, show, name="blocked_numbers"),
    web.post(PATH, add),
    web.post(f"{PATH}/{{id:[0-9]{{1,18}}}}/remove", remove, name="blocked_number_remove"),
)
