"""Webhooks that wait for the answer to a message.

The signal of the turn's commit comes at once from this process and soon from another by Valkey.
For the day Valkey is away one poll asks SQL for all that wait, however many they are.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from itertools import batched

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.tables import message
from backend.database.engine import Database

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.25
POLL_LIMIT = 500
MOST_WAITING = 20_000

_READ = select(message.c.id).where(
    message.c.id.in_(bindparam("waiting", expanding=True)), message.c.turn_id.is_not(None)
)


class Waiters:
    """Message ids whose webhook still holds its connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._futures: OrderedDict[int, asyncio.Future[None]] = OrderedDict()
        self._holding: Counter[int] = Counter()  # several tries may wait for one message
        self._polling: asyncio.Task[None] | None = None

    def expect(self, message_id: int) -> asyncio.Future[None]:
        """Note the waiter before the message can be answered, so that no answer is missed."""
        if message_id not in self._futures:
            self._futures[message_id] = asyncio.get_running_loop().create_future()
            while len(self._futures) > MOST_WAITING:
                # Its webhook never came to wait; should it still, it polls.
                self._futures.popitem(last=False)
        return self._futures[message_id]

    def answered(self, message_id: int) -> None:
        """The turn that reads this message has committed."""
        future = self._futures.get(message_id)
        if future is not None and not future.done():
            future.set_result(None)

    async def wait(self, message_id: int, seconds: float, *, known: bool) -> bool:
        """True once the turn that reads the message has committed, False when none has in time.
        `known`: the message was there before (a retry), so look in SQL first. Raises
        SQLAlchemyError."""
        future = self.expect(message_id)
        self._holding[message_id] += 1
        try:
            if known and not future.done():
                await self._look([message_id])
            if not future.done():
                self._poll_while_any_waits()
                await asyncio.wait([future], timeout=seconds)
            return future.done()
        finally:
            self._holding[message_id] -= 1
            if not self._holding[message_id]:
                del self._holding[message_id]
                self._futures.pop(message_id, None)

    def _poll_while_any_waits(self) -> None:
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._holding:
                self._polling = None
                return
            try:
                for some in batched(list(self._holding), POLL_LIMIT):
                    await self._look(some)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("waiters.poll_failed", error=type(error).__name__)

    async def _look(self, message_ids: Sequence[int]) -> None:
        async with self._database.glance() as connection:
            read = await connection.scalars(_READ, {"waiting": message_ids})
        for message_id in read:
            self.answered(message_id)
