"""Looks every few seconds whether an emergency is still unopened, and has the next officer told."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.background import Loops
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
        self._loops = Loops(clock)

    async def start(self) -> None:
        self._loops.start({"duty-watch": self._watch})

    async def close(self) -> None:
        await self._loops.stop()

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
