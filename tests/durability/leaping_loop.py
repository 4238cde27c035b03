"""An event loop whose time leaps to the next timer whenever nothing else is to be done.

Minutes of waiting pass in no time, with the real programs, sockets and databases. While a database
or a thread works, time passes as it does for everyone.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database

# What is sent over the loopback is there at once; this is for a kernel that is busy elsewhere.
GRACE_SECONDS = 0.0003


class _LeapingSelector(selectors.DefaultSelector):
    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0 or self.loop.at_work:
            return ready or super().select(timeout)
        ready = super().select(min(GRACE_SECONDS, timeout))
        if not ready:
            self.loop.leap(timeout)
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """`at_work`: how many databases and threads work for somebody."""

    def __init__(self) -> None:
        self.at_work = 0
        self._leapt = 0.0
        selector = _LeapingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return super().time() + self._leapt

    def leap(self, seconds: float) -> None:
        self._leapt += seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        self.at_work += 1
        running = super().run_in_executor(executor, func, *args)
        running.add_done_callback(self._done)
        return running

    def _done(self, _: object) -> None:
        self.at_work -= 1


class LoopClock:
    """`backend.ports.Clock` by the time of the loop."""

    def __init__(self) -> None:
        self._began = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
        self._loop = asyncio.get_running_loop()
        self._first = self._loop.time()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=self._loop.time() - self._first)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class WorkingDatabase(Database):
    """While it is used no time is leapt over. Every use passes `allow`, which may refuse it."""

    def allow(self) -> None:
        """Raise to refuse."""

    @asynccontextmanager
    async def _at_work(
        self, opened: AbstractAsyncContextManager[AsyncConnection]
    ) -> AsyncIterator[AsyncConnection]:
        self.allow()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, LeapingLoop)
        loop.at_work += 1
        try:
            async with opened as connection:
                yield connection
        finally:
            loop.at_work -= 1

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._at_work(super().write())

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._at_work(super().read())

    def glance(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._at_work(super().glance())
