"""Looks every few seconds whether an emergency is still unopened, and has the next officer told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.background import keep_going
from backend.database.engine import Database
from backend.duty.alarm import Alarm
from backend.ports import Clock

log = structlog.get_logger(__name__)

EVERY_SECONDS = 10.0


class DutyWatch:
    """`sent` hears of every outbox row that is to leave now."""

    def __init__(
        self, database: Database, clock: Clock, alarm: Alarm, sent: Callable[[int], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._alarm = alarm
        self._sent = sent
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(
            keep_going("duty-watch", self._watch, self._clock), name="duty-watch"
        )

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(EVERY_SECONDS)

    async def look(self) -> None:
        """One round."""
        try:
            async with self._database.write() as connection:
                queued = await self._alarm.go_on(connection, self._clock.now())
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("duty.sql_failed", error=type(error).__name__)
            return
        for row in queued:
            self._sent(row)
