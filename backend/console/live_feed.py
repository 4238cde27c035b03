"""What live pages are told: one poll of SQL for all of this process's streams.

A round reads the newest events and who is still logged in; only when something happened does it
ask, for each page, whether that page shows it. Waiting is by the loop's own time, not by the
injected clock: what waits here is a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.session_watch import actors_of
from backend.organisation.sessions import Actor
from backend.petitions.news import EventFollower, changed_after
from backend.web.dependencies import WebDependencies

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
ROUND_SECONDS = 30.0
MOST_PER_USER = 8
MOST_STREAMS = 400


@dataclass(frozen=True, slots=True)
class Message:
    """One event of a stream; `last`: nothing comes after it."""

    event: str
    data: Mapping[str, int] = field(default_factory=dict)
    last: bool = False


OVER = Message("over", last=True)  # the session has ended
CLOSING = Message("closing", last=True)  # the stream ends here: come again


class Watch(Protocol):
    """What one page shows."""

    async def look(
        self, connection: AsyncConnection, actor: Actor, changed: Mapping[int, int]
    ) -> Message | None:
        """What to tell after these petitions changed (id → its last event); None for nothing."""


class TooManyStreams(Exception):
    """Of this official (`own`), or in this process."""

    def __init__(self, *, own: bool) -> None:
        super().__init__("own" if own else "all")
        self.own = own


class LiveStream:
    """One open page. A message not yet sent gives way to a newer one, but for the last one."""

    def __init__(
        self, session_id: int, user_id: int, watch: Watch, since: int, connected: Callable[[], bool]
    ) -> None:
        self.session_id = session_id
        self.user_id = user_id
        self.watch = watch
        self.since: int | None = since  # until it has been told what it missed
        self.connected = connected
        self._message: Message | None = None
        self._told = asyncio.Event()

    def tell(self, message: Message) -> None:
        if self._message is None or not self._message.last:
            self._message = message
        self._told.set()

    async def next(self, seconds: float) -> Message | None:
        """The next message, None if there is none for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._told.wait()
        except TimeoutError:
            return None
        self._told.clear()
        message, self._message = self._message, None
        return message


class LiveFeed:
    """Polls while there are streams, and rests while there are none."""

    def __init__(self, deps: WebDependencies) -> None:
        self._deps = deps
        self._streams: set[LiveStream] = set()
        self._opened = asyncio.Event()
        self._looking = asyncio.Lock()
        self._events = EventFollower()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def open(self, stream: LiveStream) -> None:
        """Take a stream in; soon it is told what it missed. Raises TooManyStreams."""
        if len(self) >= MOST_STREAMS:
            raise TooManyStreams(own=False)
        if sum(one.user_id == stream.user_id for one in self._streams) >= MOST_PER_USER:
            raise TooManyStreams(own=True)
        if self._closed:
            stream.tell(CLOSING)
            return
        self._streams.add(stream)
        self._opened.set()
        if self._task is None or self._task.done():
            self._events = EventFollower()
            self._task = asyncio.create_task(self._run(), name="live-feed")

    def __len__(self) -> int:
        """How many pages are connected."""
        self._let_go()
        return len(self._streams)

    def leave(self, stream: LiveStream) -> None:
        """A page has gone; harmless if it already had."""
        self._streams.discard(stream)
        stream.tell(CLOSING)

    async def close(self) -> None:
        """End every stream: a shutdown waits for nobody's page."""
        self._closed = True
        self._end_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _let_go(self) -> None:
        """Of pages that were closed: nobody says so until something is written to them."""
        for stream in [one for one in self._streams if not one.connected()]:
            self.leave(stream)

    def _end_all(self) -> None:
        for stream in self._streams:
            stream.tell(CLOSING)
        self._streams.clear()

    async def _run(self) -> None:
        while self._streams:
            self._opened.clear()
            try:
                async with asyncio.timeout(ROUND_SECONDS):
                    await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, pages must not go deaf
                log.warning("live.poll_failed", error=type(error).__name__)
                # Part of them may have missed something: they come again and are told.
                self._end_all()
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._opened.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """One round: end the streams whose session has ended, tell the others what changed."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        self._let_go()
        streams = [*self._streams]
        async with self._deps.database.glance() as connection:
            sessions = {one.session_id for one in streams}
            actors = await actors_of(connection, sessions, self._deps.clock.now())
            changed = await self._events.fresh(connection)
        for stream in streams:
            if stream.session_id not in actors:
                self._streams.discard(stream)
                stream.tell(OVER)
        concerned = [
            one
            for one in streams
            if one.session_id in actors and (changed or one.since is not None)
        ]
        if concerned:
            await self._tell(concerned, actors, changed)

    async def _tell(
        self,
        streams: Sequence[LiveStream],
        actors: Mapping[int, Actor],
        changed: Mapping[int, int],
    ) -> None:
        async with self._deps.database.read() as connection:
            for stream in streams:
                news = changed
                if stream.since is not None:
                    news = await changed_after(connection, stream.since)
                message = await stream.watch.look(connection, actors[stream.session_id], news)
                stream.since = None
                if message is not None:
                    stream.tell(message)
