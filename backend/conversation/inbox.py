"""The inbox: what citizens send is in SQL before it is acknowledged.

All messages that wait at the same moment are stored by one transaction (group commit), so that
full durability costs one fsync for many. With SQL down they go to the spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.arrivals import Arrival, Arrivals, Stored, is_of_the_message
from backend.conversation.background import Loops, where
from backend.conversation.spool import Spool
from backend.conversation.steps import reach
from backend.database.engine import Database
from backend.ports import Accepted, Clock, Inbound, InboxUnavailable

log = structlog.get_logger(__name__)

BATCH = 256
# Turns of the loop before a group is taken: what has come to the sockets meanwhile joins it. Fewer
# and larger groups cost less in every process that has a part in them.
LOOKS_FOR_MORE = 4
# A webhook has five seconds: with SQL hanging, not refusing, the spool takes over in time for the
# acknowledgement (giving a hanging connection up takes up to two seconds more).
STORE_SECONDS = 2.5
DRAIN_SECONDS = 20.0


@dataclass(slots=True)
class _Waiting:
    """`done` gives None for a message that went to the spool."""

    arrival: Arrival
    done: asyncio.Future[Stored | None]


class Inbox:
    """`store` returns once the message is durable. `on_stored` hears of each new message."""

    def __init__(
        self,
        database: Database,
        spool: Spool,
        clock: Clock,
        on_stored: Callable[[int], None],
        *,
        on_media: Callable[[int], None] = lambda _: None,
        spool_poll_seconds: float = 2.0,
    ) -> None:
        self._arrivals = Arrivals(database, clock)
        self._spool = spool
        self._clock = clock
        self._on_stored = on_stored
        self._on_media = on_media
        self._spool_poll_seconds = spool_poll_seconds
        self._queue: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._loops = Loops(clock)

    @property
    def spooling(self) -> bool:
        """Whether messages lie on the disk, for SQL did not take them."""
        return not self._spool.empty

    async def start(self) -> None:
        self._spool.open()
        self._loops.start({"inbox": self._commit_groups, "spool": self._drain_spool})

    async def close(self) -> None:
        await self._loops.stop()
        for waiting in self._queue:
            if not waiting.done.done():
                waiting.done.set_exception(InboxUnavailable("shutting down"))
        self._spool.close()

    async def store(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        """Raises InboxUnavailable when neither SQL nor the spool takes it."""
        reach("inbox.received")
        arrival = Arrival(inbound, reply_within)
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._arrived.set()
        stored = await waiting.done
        if stored is None:
            return Accepted(None)
        if not stored.duplicate:
            self._on_stored(stored.citizen_id)
            if inbound.media:
                self._on_media(stored.citizen_id)
        return Accepted(stored.message_id, stored.duplicate, stored.tries)

    async def _commit_groups(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                for _ in range(LOOKS_FOR_MORE):
                    await asyncio.sleep(0)
                group, self._queue = self._queue[:BATCH], self._queue[BATCH:]
                try:
                    await self._commit(group)
                finally:
                    # Nobody may wait for ever, whatever happened to the group.
                    for waiting in group:
                        if not waiting.done.done():
                            waiting.done.set_exception(InboxUnavailable("not stored"))

    async def _commit(self, group: list[_Waiting]) -> None:
        if self._spool.empty:
            try:
                async with asyncio.timeout(STORE_SECONDS):
                    results = await self._arrivals.store([each.arrival for each in group])
            except Exception as error:  # noqa: BLE001 - SQL is down, or cannot hold one of them
                log.error(
                    "inbox.sql_failed",
                    error=type(error).__name__,
                    where=where(error),
                    messages=len(group),
                )
            else:
                reach("inbox.stored")
                for waiting, result in zip(group, results, strict=True):
                    _resolve(waiting, result)
                return
        await self._to_spool(group)

    async def _to_spool(self, group: list[_Waiting]) -> None:
        try:
            await self._spool.append([waiting.arrival.inbound for waiting in group])
        except InboxUnavailable as error:
            log.error("inbox.refused", messages=len(group), reason=str(error))
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_exception(InboxUnavailable(str(error)))
            return
        for waiting in group:
            _resolve(waiting, None)

    async def _drain_spool(self) -> None:
        while True:
            if not self._spool.empty:
                try:
                    moved = await self._spool.drain(self._store_spooled)
                    log.info("spool.drained", messages=moved)
                except (SQLAlchemyError, OSError, TimeoutError) as error:
                    log.warning("spool.sql_still_down", error=type(error).__name__)
            await self._clock.sleep(self._spool_poll_seconds)

    async def _store_spooled(self, inbounds: Sequence[Inbound]) -> None:
        """All, or one by one where SQL refuses some: one message must not hold up the others."""
        try:
            await self._store_all(inbounds)
        except Exception as error:
            if not is_of_the_message(error):
                raise
            if len(inbounds) > 1:
                for inbound in inbounds:
                    await self._store_spooled([inbound])
                return
            log.error("inbox.set_aside", error=type(error).__name__, where=where(error))
            await self._spool.set_aside(inbounds[0])

    async def _store_all(self, inbounds: Sequence[Inbound]) -> None:
        async with asyncio.timeout(DRAIN_SECONDS):
            for stored in await self._arrivals.store([Arrival(each) for each in inbounds]):
                if not stored.duplicate:
                    self._on_stored(stored.citizen_id)


def _resolve(waiting: _Waiting, result: Stored | None) -> None:
    if not waiting.done.done():
        waiting.done.set_result(result)
