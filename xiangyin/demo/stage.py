"""What the demo county is played on: one transaction for all of it, and a clock that is set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database


class OneTransaction(Database):
    """Every part of the backend writes into the same transaction, so that a demo county is there
    whole or not at all; it also spares a thousand commits."""

    def __init__(self, whole: Database, connection: AsyncConnection) -> None:
        self.url = whole.url
        self.is_sqlite = whole.is_sqlite
        self._connection = connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    @asynccontextmanager
    async def write_direct(self) -> AsyncIterator[Any]:
        yield (await self._connection.get_raw_connection()).driver_connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    async def close(self) -> None:
        """The whole database is closed by whoever opened it."""


class StoryClock:
    """`backend.ports.Clock`, put to the time of each step."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits while a demo county is filled")
