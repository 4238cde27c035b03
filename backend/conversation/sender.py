"""Sends what is due: claims rows, asks the channels, records the outcomes in groups."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation import outbox
from backend.conversation.addresses import AccountRow
from backend.conversation.outbox import Claimed, Outcome
from backend.conversation.steps import reach
from backend.database.engine import Database
from backend.ports import Channel, Clock, Outbound, SendResult, Unknown

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 64
SETTLE_EVERY_SECONDS = 5.0
RECORD_RETRY_SECONDS = 1.0


class Sender:
    """Owns the rows of the accounts whose channels live in this process."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        owner: str,
        channels: Mapping[str, Channel],
        *,
        claim_seconds: float = outbox.CLAIM_SECONDS,
        poll_seconds: float = 1.0,
    ) -> None:
        self._claim_seconds = claim_seconds
        self._poll_seconds = poll_seconds
        # What is sent must be recorded before the claim runs out.
        self._send_seconds = claim_seconds / 2
        self._database = database
        self._clock = clock
        self._owner = owner
        self._channels = channels
        self._by_id: dict[int, Channel] = {}
        self._wanted = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._recordable = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, _outbox_id: int = 0) -> None:
        self._wanted.set()

    async def start(self, accounts: Mapping[str, AccountRow]) -> None:
        self._by_id = {accounts[name].id: channel for name, channel in self._channels.items()}
        self._tasks = [
            asyncio.create_task(self._claim_and_send(), name="sender"),
            asyncio.create_task(self._record_groups(), name="sender-record"),
            asyncio.create_task(self._settle(), name="sender-settle"),
        ]

    async def close(self) -> None:
        """Let what is under way come to its end, so that nothing becomes unknown by a restart."""
        if not self._tasks:
            return
        claiming, *others = self._tasks
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._send_seconds)
        while self._outcomes:
            await self._record_once()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _claim_and_send(self) -> None:
        while True:
            free = MOST_AT_ONCE - len(self._sending)
            claimed = await self._claim(free) if free else []
            for row in claimed:
                task = asyncio.create_task(self._send(row))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            if len(claimed) < free or not free:
                await self._pause(self._poll_seconds)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

    async def _claim(self, limit: int) -> list[Claimed]:
        try:
            async with self._database.write() as connection:
                rows = await outbox.claim_due(
                    connection,
                    list(self._by_id),
                    self._owner,
                    self._clock.now(),
                    limit,
                    self._claim_seconds,
                )
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sender.sql_failed", error=type(error).__name__)
            await self._clock.sleep(RECORD_RETRY_SECONDS)
            return []
        if rows:
            reach("outbox.claimed")
        return rows

    async def _send(self, row: Claimed) -> None:
        channel = self._by_id[row.account_id]
        result: SendResult
        try:
            async with asyncio.timeout(self._send_seconds):
                result = await channel.send(Outbound(row.id, row.external_id, row.text))
        except TimeoutError:
            result = Unknown("no outcome in time")
        reach("outbox.sent")
        self._outcomes.append(Outcome(row, result))
        self._recordable.set()
        self._wanted.set()

    async def _record_groups(self) -> None:
        while True:
            await self._recordable.wait()
            self._recordable.clear()
            while self._outcomes:
                await self._record_once()
                self._wanted.set()

    async def _record_once(self) -> None:
        group, self._outcomes = self._outcomes, []
        try:
            async with self._database.write() as connection:
                await outbox.record(connection, group, self._clock.now())
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sender.not_recorded", error=type(error).__name__, rows=len(group))
            self._outcomes = group + self._outcomes
            await self._clock.sleep(RECORD_RETRY_SECONDS)
            return
        reach("outbox.recorded")

    async def _settle(self) -> None:
        while True:
            try:
                await self.settle(self._clock.now())
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("sender.not_settled", error=type(error).__name__)
            await self._clock.sleep(SETTLE_EVERY_SECONDS)

    async def settle(self, now: datetime) -> None:
        """Give up on rows whose sender died."""
        idempotent = [id_ for id_, channel in self._by_id.items() if channel.idempotent]
        async with self._database.write() as connection:
            settled = await outbox.settle_abandoned(connection, idempotent, now)
        if settled:
            log.warning("sender.abandoned", rows=settled)
            self._wanted.set()
