"""The database as it was at one moment, to read at leisure while the app goes on writing."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database

LONGEST_WAIT_SECONDS = 30


@asynccontextmanager
async def snapshot(url: str, folder: Path) -> AsyncIterator[AsyncConnection]:
    """A connection that sees one moment. SQLite is copied into `folder` by its online backup, so
    that its log need not grow meanwhile; PostgreSQL keeps the moment itself.

    Raises what the database raises; FileNotFoundError where there is no SQLite file yet.
    """
    if make_url(url).get_backend_name() == "sqlite":
        copy = folder / "copy.db"
        await asyncio.to_thread(_copy, Path(str(make_url(url).database)), copy)
        url = f"sqlite+aiosqlite:///{copy}"
    database = Database(url)
    try:
        async with database.reader.connect() as connection:
            if not database.is_sqlite:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            async with connection.begin():
                yield connection
    finally:
        await database.close()


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise FileNotFoundError(f"没有数据库文件 {source}")
    target.touch(mode=0o600)
    with (
        closing(sqlite3.connect(source, timeout=LONGEST_WAIT_SECONDS)) as living,
        closing(sqlite3.connect(target)) as copy,
    ):
        living.backup(copy)
