"""Whether a database has the newest schema, told without alembic, whose import takes longer than
all else a start does to the database."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import column, inspect, select, table

from backend.database.engine import Database

MIGRATIONS = Path(__file__).parent / "migrations"

_VERSION = table("alembic_version", column("version_num"))


def newest_revision() -> str:
    """Revision files are numbered: 0004_turns_by_fence.py is revision 0004."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def current_revision(database: Database) -> str | None:
    """The revision the database is at; None for one that no migration has seen."""
    async with database.read() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table(_VERSION.name)):
            return None
        found: str | None = await connection.scalar(select(_VERSION.c.version_num))
        return found
