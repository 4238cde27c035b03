"""The first set-up: a citizen's words tried out, then the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current
from backend.console.forms import words
from backend.console.setup_steps import done_with, require_setup, step_page
from backend.console.wording import day_words
from backend.deployment.setup_state import keep_setup
from backend.web.dependencies import dependencies
from backend.web.posted_form import posted_form
from backend.web.texts import TEXTS

LONGEST = 500


async def trial(request: web.Request) -> web.StreamResponse:
    """GET: step 4."""
    return await _page(request)


async def _page(
    request: web.Request,
    text: str = "",
    read: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> web.Response:
    context = {"text": text, "read": read, "longest": LONGEST}
    return await step_page(request, "try", context, error=error)


async def read_words(request: web.Request) -> web.StreamResponse:
    """POST: read as a citizen's; nothing is stored or sent."""
    await require_setup(request)
    _, now = await current(request)
    text = words(await posted_form(request), "text").strip()[:LONGEST]
    if not text:
        return await _page(request, error=request.app[DEPLOYMENT_TEXTS].setup["message_empty"])
    read = await dependencies(request).try_words(text)
    texts, catalogue = request.app[TEXTS], now.catalogue
    place = catalogue.divisions.get(read["place_code"] or "")
    shown = {
        "said": read["said"],
        "kind": texts.word("kinds", read["kind"]),
        "domain": catalogue.services[read["domain"]].name,
        "urgency": texts.word("urgencies", read["urgency"]),
        "place": place.names[0] if place else read["place"],
        "is_ours": place is not None,
        "office": catalogue.organisation[read["office"]].name,
        "due": day_words(read["due_on"]),
    }
    return await _page(request, text, shown)


async def go_on(request: web.Request) -> web.StreamResponse:
    """POST: on to the end."""
    await require_setup(request)
    raise await done_with(request, "try")


async def last(request: web.Request) -> web.StreamResponse:
    """GET: step 5."""
    _, state = await require_setup(request)
    _, now = await current(request)
    divisions = now.catalogue.divisions.values()
    context = {
        "county": now.county_name,
        "towns": sum(one.level == "township" for one in divisions),
        "villages": sum(one.level == "village" for one in divisions),
        "offices": sum(
            one.active and one.division is None for one in now.catalogue.organisation.values()
        ),
        "staff": len(state.staff),
    }
    return await step_page(request, "done", context)


async def finish(request: web.Request) -> web.StreamResponse:
    """POST: set-up is over for good."""
    session, state = await require_setup(request)
    deps = dependencies(request)
    async with deps.database.write() as connection:
        over = replace(state, step="done", over=True)
        await keep_setup(connection, over, user_id=session.actor.user_id, now=deps.clock.now())
    await deps.deployment.refresh()
    raise web.HTTPSeeOther("/console/")


ROUTES = (
    web.get("/setup/try", trial, name="setup_try"),
    web.post("/setup/try", read_words),
    web.post("/setup/try/on", go_on, name="setup_tried"),
    web.get("/setup/done", last, name="setup_done"),
    web.post("/setup/done", finish),
)
