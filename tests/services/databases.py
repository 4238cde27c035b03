"""Prepared templates, copied for each test: a schema is built once per run, not per test."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.services.postgres import PostgresServer, run_apart

# What is done to a database before it is copied; it gets a `backend.database.engine.Database`.
Preparation = Callable[[Any], Awaitable[object]]


def _prepare(url: str, preparation: Preparation) -> None:
    async def body() -> None:
        from backend.database.engine import Database

        database = Database(url)
        try:
            await preparation(database)
        finally:
            await database.close()

    run_apart(body())


def sqlite_url(path: Path) -> str:
    """SQLAlchemy URL (aiosqlite) of a file."""
    return f"sqlite+aiosqlite:///{path}"


class SqliteTemplate:
    """A prepared SQLite file; `copy_to` gives a test its own."""

    def __init__(self, path: Path, preparation: Preparation) -> None:
        self._path = path
        _prepare(sqlite_url(path), preparation)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def copy_to(self, path: Path) -> str:
        """Copy the template and give the copy's URL."""
        shutil.copyfile(self._path, path)
        return sqlite_url(path)

    def further(self, path: Path, preparation: Preparation) -> SqliteTemplate:
        """A template at `path` that is this one, prepared further."""
        self.copy_to(path)
        return SqliteTemplate(path, preparation)


class PostgresTemplate:
    """A prepared PostgreSQL database; `copy` gives a test its own."""

    def __init__(self, server: PostgresServer, name: str, preparation: Preparation) -> None:
        self.server = server
        self._name = name
        _prepare(server.url(name), preparation)

    def copy(self) -> str:
        """Make a database from the template and give its name."""
        return self.server.create_database(template=self._name)

    def further(self, preparation: Preparation) -> PostgresTemplate:
        """A template that is this one, prepared further."""
        return PostgresTemplate(self.server, self.copy(), preparation)
