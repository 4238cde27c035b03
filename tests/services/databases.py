"""Migrated templates, copied for each test: the schema is built once per run, not per test."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from tests.services.postgres import PostgresServer, run_apart


def _migrate(url: str) -> None:
    async def body() -> None:
        from backend.database.engine import Database
        from backend.database.migrate import migrate

        database = Database(url)
        try:
            await migrate(database)
        finally:
            await database.close()

    run_apart(body())


def sqlite_url(path: Path) -> str:
    """SQLAlchemy URL (aiosqlite) of a file."""
    return f"sqlite+aiosqlite:///{path}"


class SqliteTemplate:
    """A migrated SQLite file; `copy_to` gives a test its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "template.db"
        _migrate(sqlite_url(self._path))
        with sqlite3.connect(self._path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def copy_to(self, path: Path) -> str:
        """Copy the template and give the copy's URL."""
        shutil.copyfile(self._path, path)
        return sqlite_url(path)


class PostgresTemplate:
    """A migrated PostgreSQL database; `copy` gives a test its own."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._name = server.create_database()
        _migrate(server.url(self._name))

    def copy(self) -> str:
        """Make a database from the template and give its name."""
        return self.server.create_database(template=self._name)
