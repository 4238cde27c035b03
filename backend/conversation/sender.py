"""Sends what is due: claims rows, asks the channels, records the outcomes in groups."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation import outbox
from backend.conversation.addresses import AccountRow
from backend.conversation.background import keep_going, where
from backend.conversation.outbox import Claimed, Outcome
from backend.conversation.steps import reach
from backend.database.engine import Database
from backend.ports import Channel, Clock, Outbound, SendResult, Unknown

log = structlog.get_logger(__name__)

# Per account, so that one whose provider hangs leaves the others' places free.
MOST_AT_ONCE = 24
SETTLE_EVERY_SECONDS = 5.0
RECORD_RETRY_SECONDS = 1.0
CLOSE_TRIES = 5


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
        self._under_way: Counter[int] = Counter()
        self._closing = False
        self._claiming = asyncio.Lock()
        self._outcomes: list[Outcome] = []
        self._recordable = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self, _outbox_id: int = 0) -> None:
        self._wanted.set()

    async def start(self, accounts: Mapping[str, AccountRow]) -> None:
        self._by_id = {accounts[name].id: channel for name, channel in self._channels.items()}
        loops = {
            "sender": self._claim_and_send,
            "sender-record": self._record_groups,
            "sender-settle": self._settle,
        }
        self._closing = False
        self._tasks = [
            asyncio.create_task(keep_going(name, loop, self._clock), name=name)
            for name, loop in loops.items()
        ]

    async def close(self) -> None:
        """Let what is under way come to its end, so that nothing becomes unknown by a restart."""
        if not self._tasks:
            return
        # Not cancelled at once: a claim that commits as it is cancelled would never be sent.
        self._closing = True
        async with self._claiming:
            pass
        claiming, *others = self._tasks
        claiming.cancel()
        await asyncio.gather(claiming, return_exceptions=True)
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._send_seconds)
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for _ in range(CLOSE_TRIES):
            if not self._outcomes:
                break
            await self._record_once()

    async def _claim_and_send(self) -> None:
        while True:
            async with self._claiming:
                full = self._closing or not await self._fill()
            if full:
                await self._pause(self._poll_seconds)

    async def _fill(self) -> bool:
        """Claim rows and begin to send them; True when more may be due."""
        accounts = [id_ for id_ in self._by_id if self._under_way[id_] < MOST_AT_ONCE]
        claimed = await self._claim(accounts, MOST_AT_ONCE) if accounts else []
        for row in claimed:
            self._under_way[row.account_id] += 1
            task = asyncio.create_task(self._send(row))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(claimed) == MOST_AT_ONCE

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

    async def _claim(self, accounts: list[int], limit: int) -> list[Claimed]:
        try:
            async with self._database.write() as connection:
                rows = await outbox.claim_due(
                    connection,
                    accounts,
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
        except Exception as error:  # noqa: BLE001 - a channel's own fault, before or after sending
            log.error(
                "sender.channel_failed",
                outbox_id=row.id,
                error=type(error).__name__,
                where=where(error),
            )
            result = Unknown(f"channel failed: {type(error).__name__}")
        finally:
            self._under_way[row.account_id] -= 1
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
        recorded = False
        try:
            async with self._database.write() as connection:
                await outbox.record(connection, group, self._clock.now())
            recorded = True
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("sender.not_recorded", error=type(error).__name__, rows=len(group))
            await self._clock.sleep(RECORD_RETRY_SECONDS)
        finally:
            if not recorded:
                self._outcomes = group + self._outcomes
        if recorded:
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
