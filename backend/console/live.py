"""Streams that tell an open page it is no longer the newest (server-sent events)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence

import structlog
from aiohttp import hdrs, web
from sqlalchemy import select

from backend.console.live_feed import LiveFeed, LiveStream, Message, TooManyStreams, Watch
from backend.console.live_watches import PetitionWatch, QueueWatch
from backend.console.query_numbers import number_asked
from backend.console.queue_filters import asked_by
from backend.petitions.access import select_visible
from backend.petitions.tables import petition
from backend.petitions.visibility import visible_to
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.headers import secure
from backend.web.markers import unattended
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

log = structlog.get_logger(__name__)

FEED = web.AppKey("xiangyin_live_feed", LiveFeed)
RETRY_MILLISECONDS = 5_000
HEARTBEAT_SECONDS = 15.0
WRITE_SECONDS = 10.0
MOST_SHOWN = 50
COME_AGAIN_SECONDS = 30
_NUMBER = re.compile(r"[0-9-]{1,24}")


@unattended
async def queue_stream(request: web.Request) -> web.StreamResponse:
    """GET /live: the queue's own query, `since` (the last event the page knows) and `shown` (the
    numbers on it, with commas)."""
    deps, actor = dependencies(request), require_session(request).actor
    asked = asked_by(request.query, deps.rules, request.app[TEXTS])
    numbers = _NUMBER.findall(request.query.get("shown", ""))[:MOST_SHOWN]
    async with deps.database.read() as connection:
        # Only what the official sees: a guessed number tells nothing.
        query = select(petition.c.id).where(petition.c.number.in_(numbers), visible_to(actor))
        shown = (await connection.execute(query)).scalars().all()
    watch = QueueWatch(lambda now: asked.filters(deps.rules, now), shown, deps.clock)
    return await _stream(request, watch)


@unattended
async def petition_stream(request: web.Request) -> web.StreamResponse:
    """GET /petitions/{number}/live: `since`, the last event the page shows."""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.read() as connection:
        query = select_visible(actor).where(petition.c.number == request.match_info["number"])
        found = (await connection.execute(query)).first()
    if found is None:
        raise web.HTTPNotFound
    return await _stream(request, PetitionWatch(found.id))


async def _stream(request: web.Request, watch: Watch) -> web.StreamResponse:
    feed, session = request.app[FEED], require_session(request)

    def connected() -> bool:
        return request.transport is not None and not request.transport.is_closing()

    stream = LiveStream(session.id, session.actor.user_id, watch, _since(request), connected)
    try:
        feed.open(stream)
    except TooManyStreams as error:
        words = request.app[TEXTS].live["too_many_own" if error.own else "too_many"]
        refused = refuse(429 if error.own else 503, words)
        refused.headers[hdrs.RETRY_AFTER] = str(COME_AGAIN_SECONDS)
        raise refused from None
    response = web.StreamResponse(
        # nginx gathers an answer before it passes it on, unless told not to.
        headers={hdrs.CONTENT_TYPE: "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
    )
    secure(response)
    try:
        await response.prepare(request)
        await _tell_all(response, stream)
    except (ConnectionError, TimeoutError) as error:
        log.debug("live.page_gone", error=type(error).__name__)
    finally:
        feed.leave(stream)
    return response


async def _tell_all(response: web.StreamResponse, stream: LiveStream) -> None:
    words = f"retry: {RETRY_MILLISECONDS}\n\n"
    while True:
        async with asyncio.timeout(WRITE_SECONDS):
            await response.write(words.encode())
        message = await stream.next(HEARTBEAT_SECONDS)
        if message is not None and message.last:
            async with asyncio.timeout(WRITE_SECONDS):
                await response.write(_encoded(message).encode())
            return
        words = ": still here\n\n" if message is None else _encoded(message)


def _encoded(message: Message) -> str:
    return f"event: {message.event}\ndata: {json.dumps(dict(message.data))}\n\n"


def _since(request: web.Request) -> int:
    since = number_asked(request.query, "since")
    if since is None:
        raise refuse(422, "", "since")
    return since


def routes(petition_path: str) -> Sequence[web.RouteDef]:
    """All streams."""
    return [
        web.get("/live", queue_stream, name="queue_live"),
        web.get(f"{petition_path}/live", petition_stream, name="petition_live"),
    ]
