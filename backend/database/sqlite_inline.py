"""SQLite on the event loop's own thread: a SQLAlchemy dialect, `sqlite+inline`.

A driver that hands each call to a thread pays four hand-overs for every statement, many times what
a small indexed statement costs; a turn has some forty. Here statements run where they are, and
only a COMMIT that waits for the disk goes to a thread. Long reads belong to the threaded reader.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import URL, pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import await_only

NAME = "sqlite+inline"
FIRST_PAUSE_SECONDS = 0.001
LONGEST_PAUSE_SECONDS = 0.002

_committer = ThreadPoolExecutor(4, thread_name_prefix="sqlite-commit")


class InlineCursor(sqlite3.Cursor):
    """What SQLAlchemy's asyncio results ask of a driver's cursor."""

    server_side = False

    async def _async_soft_close(self) -> None:
        """Nothing is left open elsewhere."""


class InlineConnection(sqlite3.Connection):
    """Knows whether a commit has anything to write, and so to wait for."""

    _changes_before = 0

    def cursor(self, factory: Any = InlineCursor) -> Any:
        return super().cursor(factory)

    def changed(self) -> bool:
        """Whether rows were changed since the last call."""
        before, self._changes_before = self._changes_before, self.total_changes
        return self.total_changes != before


class SQLiteInline(SQLiteDialect_pysqlite):
    """pysqlite, used from within SQLAlchemy's asyncio engine."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        return pool.AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": InlineConnection, "check_same_thread": False}

    def get_driver_connection(self, connection: Any) -> Any:
        return connection

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        cursor.execute(statement, parameters)
        await_only(_at_once())

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        cursor.execute(statement)
        await_only(_at_once())

    def do_executemany(
        self, cursor: Any, statement: Any, parameters: Any, context: Any = None
    ) -> None:
        cursor.executemany(statement, parameters)
        await_only(_at_once())

    def do_commit(self, dbapi_connection: Any) -> None:
        if dbapi_connection.in_transaction:
            await_only(commit(dbapi_connection))


registry.register("sqlite.inline", __name__, SQLiteInline.__name__)


async def _at_once() -> None:
    """SQLAlchemy takes a statement that awaits nothing for a driver's mistake."""


async def _to_the_end(call: Callable[[], object]) -> None:
    """Run in a thread; a cancelled caller still waits, for the connection is not free before."""
    running = asyncio.get_running_loop().run_in_executor(_committer, call)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def begin_immediate(connection: sqlite3.Connection, seconds: float) -> None:
    """`take_write_lock` inside SQLAlchemy's asyncio engine."""
    await_only(take_write_lock(connection, seconds))


async def take_write_lock(connection: sqlite3.Connection, seconds: float) -> None:
    """Begin, waiting for another process's lock without holding up the loop. Raises
    sqlite3.OperationalError after `seconds`."""
    end = time.monotonic() + seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        else:
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


@asynccontextmanager
async def transaction(connection: InlineConnection, seconds: float) -> AsyncIterator[None]:
    """For whoever uses the driver's connection itself: begun and committed as SQLAlchemy would."""
    await take_write_lock(connection, seconds)
    try:
        yield
        await commit(connection)
    except BaseException:
        connection.rollback()
        raise


async def commit(connection: InlineConnection) -> None:
    """In a thread where it has to wait for the disk."""
    if connection.changed():
        # Kept prepared; `connection.commit` prepares it anew and lets the loop's thread in between,
        # which keeps the lock from other processes for as long again.
        await _to_the_end(partial(connection.execute, "COMMIT"))
    else:
        connection.commit()
