"""Webhooks that wait for the answer to a message."""

from __future__ import annotations

import asyncio

from sqlalchemy import bindparam, select

from backend.conversation.tables import message
from backend.database.engine import Database

POLL_SECONDS = 0.5
MOST_WAITING = 20_000

_TURN = select(message.c.turn_id).where(message.c.id == bindparam("which"))


class Waiters:
    """Message ids whose webhook still holds its connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._futures: dict[int, asyncio.Future[None]] = {}

    def expect(self, message_id: int) -> None:
        """Note the waiter before the message can be answered, so that no answer is missed."""
        if message_id not in self._futures:
            self._futures[message_id] = asyncio.get_running_loop().create_future()
            while len(self._futures) > MOST_WAITING:
                # Its webhook never came to wait; should it still, it polls.
                del self._futures[next(iter(self._futures))]

    def answered(self, message_id: int) -> None:
        """The turn that reads this message has committed."""
        future = self._futures.get(message_id)
        if future is not None and not future.done():
            future.set_result(None)

    async def wait(self, message_id: int, seconds: float, *, known: bool) -> bool:
        """True once the turn that reads the message has committed, False when none has in time.
        `known`: the message was there before (a retry), so look in SQL first."""
        self.expect(message_id)
        future = self._futures[message_id]
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        try:
            if known and await self._is_read(message_id):
                return True
            while (left := end - loop.time()) > 0:
                # The signal comes at once from this process, soon from another by Valkey; the
                # poll is for the day Valkey is away.
                await asyncio.wait([future], timeout=min(left, POLL_SECONDS))
                if future.done() or await self._is_read(message_id):
                    return True
            return False
        finally:
            if self._futures.get(message_id) is future:
                del self._futures[message_id]

    async def _is_read(self, message_id: int) -> bool:
        async with self._database.glance() as connection:
            return await connection.scalar(_TURN, {"which": message_id}) is not None
