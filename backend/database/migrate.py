"""Bring a database to the newest schema, from empty or from any older revision."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from backend.database.engine import Database
from backend.database.revision import MIGRATIONS
from backend.database.schema import metadata

# Any constant: two processes that start at once must not migrate at once.
ADVISORY_LOCK = 7_105_001
VIRTUAL = "petition_fts"


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to `revision` in the caller's transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
    command.upgrade(alembic_config(connection), revision)


async def migrate(database: Database) -> None:
    """Upgrade to the newest revision in one transaction."""
    async with database.write() as connection:
        await connection.run_sync(upgrade)


async def schema_differences(database: Database) -> list[object]:
    """What the tables in code have that the migrated database has not, and the other way."""
    async with database.read() as connection:
        return await connection.run_sync(
            lambda sync: list(
                compare_metadata(
                    MigrationContext.configure(
                        sync, opts={"compare_type": True, "include_name": comparable}
                    ),
                    metadata,
                )
            )
        )


def comparable(name: str | None, kind: str, _parents: object) -> bool:
    """All but the search index of SQLite: a virtual table and those it is kept in, which
    SQLAlchemy does not know."""
    return not (kind == "table" and name is not None and name.startswith(VIRTUAL))


def write_revision(connection: Connection, message: str) -> None:
    """Write a new revision file from the difference between tables and database (developers)."""
    command.revision(alembic_config(connection), message=message, autogenerate=True)
