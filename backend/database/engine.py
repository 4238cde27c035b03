"""Engines: for writing, for a quick look, and for reading at length.

SQLite allows one writer at a time, and a refused writer would have to poll; so all writes of this
process queue for one connection (`BEGIN IMMEDIATE`, WAL, synchronous=FULL) while readers go on
beside it. Short statements run on the loop's own thread (sqlite_inline.py), long reads in threads.
On PostgreSQL the three are the same pool.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import greenlet_spawn

from backend.database import sqlite_inline
from backend.database.sqlite_inline import begin_immediate, transaction

BUSY_TIMEOUT_SECONDS = 30
STATEMENT_TIMEOUT_SECONDS = 30
PING_AFTER_SECONDS = 15


class Database:
    """Gives connections; `write()` commits on leaving and rolls back on error."""

    def __init__(self, url: str, *, readers: int = 4, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._prepare_folder()
            inline = make_url(url).set(drivername=sqlite_inline.NAME)
            self.writer = _sqlite_engine(inline, pool_size=1, immediate=True)
            self.glancer = _sqlite_engine(inline, pool_size=readers)
            self.reader = _sqlite_engine(make_url(url), pool_size=readers)
        else:
            self.writer = _postgres_engine(url, pool_size)
            self.glancer = self.reader = self.writer

    def _prepare_folder(self) -> None:
        path = make_url(self.url).database
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        async with self.writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def write_direct(self) -> AsyncIterator[Any]:
        """The driver's own connection (direct.py), for one step: on SQLite a transaction, on
        PostgreSQL one statement, which is its own: two round trips less."""
        borrowed = await self.writer.raw_connection()
        driver: Any = borrowed.driver_connection
        try:
            if self.is_sqlite:
                async with transaction(driver, BUSY_TIMEOUT_SECONDS):
                    yield driver
            else:
                yield driver
        except BaseException:
            # Given up half-way: whatever still runs on it, nobody else is to wait for that.
            if not self.is_sqlite:
                await greenlet_spawn(borrowed.invalidate)
            raise
        finally:
            await greenlet_spawn(borrowed.close)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        async with self.reader.begin() as connection:
            yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """For a few rows by index: cheaper than `read`, but a long query would hold up the loop."""
        async with self.glancer.begin() as connection:
            yield connection

    async def close(self) -> None:
        for engine in {self.writer, self.glancer, self.reader}:
            await engine.dispose()


def _sqlite_engine(url: URL, *, pool_size: int, immediate: bool = False) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,  # an error must not carry a citizen's words into a log
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=STATEMENT_TIMEOUT_SECONDS,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        if immediate:
            # begin_immediate waits itself, without holding up the loop.
            cursor.execute("PRAGMA busy_timeout=0")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        if immediate:
            # Take the write lock first, so that a writer never fails half-way.
            begin_immediate(connection.connection.dbapi_connection, BUSY_TIMEOUT_SECONDS)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _postgres_engine(url: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=STATEMENT_TIMEOUT_SECONDS,
        connect_args={
            "timeout": 10,
            "command_timeout": STATEMENT_TIMEOUT_SECONDS,
            # Compiling a query of many expressions takes ten times as long as running it.
            "server_settings": {"application_name": "xiangyin", "timezone": "UTC", "jit": "off"},
        },
    )

    # SQLAlchemy's own ping at every checkout takes three round trips, as long as a short
    # transaction. A closed connection is seen without asking; one that lay idle is asked.
    @event.listens_for(engine.sync_engine, "checkin")
    def _note(_connection: Any, record: Any) -> None:
        record.info["returned_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def _check(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        idle = time.monotonic() - record.info.get("returned_at", time.monotonic())
        if idle < PING_AFTER_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    return engine
