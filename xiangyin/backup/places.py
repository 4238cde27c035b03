"""Where restored rows go, and how they take the place of what is there."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import MetaData, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database
from xiangyin.backup.durable import put

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'xiangyin'"
    " AND datname = current_database() AND pid <> pg_backend_pid()"
)


class RestoreRefused(Exception):
    """Nothing was touched; the message says why in Chinese."""


class Filling(Protocol):
    """What goes into the new place."""

    async def rows(self, connection: AsyncConnection) -> None:
        """All rows, into a database without tables."""

    def files(self) -> None:
        """What lies beside the database; repeating it is harmless."""


class Place(Protocol):
    async def check_free(self, may_replace: bool) -> None:
        """Raises RestoreRefused where the database is in use, or holds what must stay."""

    async def fill(self, filling: Filling) -> None:
        """All of it, or nothing."""


def place_of(url: str) -> Place:
    """Where the rows of the database at `url` are put."""
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteFile(Path(str(make_url(url).database)))
    return PostgresDatabase(url)


class SqliteFile:
    """A new file beside the old one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.restoring")

    async def check_free(self, may_replace: bool) -> None:
        if not self._path.exists():
            return
        if not may_replace and await asyncio.to_thread(self._holds_tables):
            raise _holds_data()
        await asyncio.to_thread(self._take_over_log)

    def _holds_tables(self) -> bool:
        with closing(sqlite3.connect(self._path, timeout=0)) as old:
            try:
                return bool(old.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
            except sqlite3.DatabaseError:
                return True  # damaged, but not empty

    def _take_over_log(self) -> None:
        """Write the old file's log into it: left behind, it would be read as the new file's.
        SQLite refuses while anyone else has the file open."""
        with closing(sqlite3.connect(self._path, timeout=0)) as old:
            try:
                old.execute("PRAGMA journal_mode=DELETE")
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                    raise _running() from error
                # Damaged: that may be why a backup is restored.

    async def fill(self, filling: Filling) -> None:
        self._remove_draft()
        self._draft.parent.mkdir(parents=True, exist_ok=True)
        self._draft.touch(mode=0o600)
        database = Database(f"sqlite+aiosqlite:///{self._draft}")
        try:
            async with database.write() as connection:
                await filling.rows(connection)
        finally:
            await database.close()
        try:
            await asyncio.to_thread(self._put_in_place, filling)
        finally:
            self._remove_draft()

    def _put_in_place(self, filling: Filling) -> None:
        with closing(sqlite3.connect(self._draft)) as new:
            new.execute("PRAGMA journal_mode=DELETE")  # all of it in the one file
        filling.files()
        for log in _logs(self._path):
            log.unlink(missing_ok=True)  # a damaged file's: an intact one has none by now
        put(self._draft, self._path)

    def _remove_draft(self) -> None:
        for path in (self._draft, *_logs(self._draft)):
            path.unlink(missing_ok=True)


class PostgresDatabase:
    """The old tables go and the new ones come in one transaction."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def check_free(self, may_replace: bool) -> None:
        database = Database(self._url)
        try:
            async with database.read() as connection:
                if await connection.scalar(_OTHERS):
                    raise _running()
                if not may_replace and (await connection.run_sync(_all_tables)).tables:
                    raise _holds_data()
        finally:
            await database.close()

    async def fill(self, filling: Filling) -> None:
        database = Database(self._url)
        try:
            async with database.write() as connection:
                old = await connection.run_sync(_all_tables)
                await connection.run_sync(old.drop_all)
                await filling.rows(connection)
                await asyncio.to_thread(filling.files)
        finally:
            await database.close()


def _all_tables(connection: Connection) -> MetaData:
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata


def _logs(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _holds_data() -> RestoreRefused:
    return RestoreRefused(
        "这里已经有数据。要用备份换掉它，先 xiangyin backup 另存一份，再加上 --replace"
    )


def _running() -> RestoreRefused:
    return RestoreRefused("乡音正在使用这个数据库，先停掉它（Ctrl-C）再恢复")
