from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from backend.database.engine import Database
from backend.database.migrate import migrate, schema_differences
from backend.database.revision import MIGRATIONS, current_revision, newest_revision
from backend.organisation.tables import audit


@pytest.fixture
async def empty(empty_database_url: str):  # type: ignore[no-untyped-def]
    database = Database(empty_database_url)
    yield database
    await database.close()


async def test_an_empty_database_becomes_exactly_the_tables_in_code(empty: Database) -> None:
    assert await current_revision(empty) is None
    await migrate(empty)
    assert await current_revision(empty) == newest_revision()
    assert await schema_differences(empty) == []


def test_the_newest_revision_is_alembic_s_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest_revision()]


async def test_migrating_again_or_twice_at_once_changes_nothing(empty: Database) -> None:
    other = Database(empty.url)
    await asyncio.gather(migrate(empty), migrate(other))
    await migrate(empty)
    await other.close()
    assert await schema_differences(empty) == []


async def test_sqlite_is_durable(sqlite_database_url: str) -> None:
    database = Database(sqlite_database_url)
    async with database.write() as connection:
        for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            value = (await connection.execute(text(f"PRAGMA {pragma}"))).scalar()
            assert value == wanted, pragma
    await database.close()


async def test_times_come_back_as_the_same_moment_in_utc(empty: Database) -> None:
    await migrate(empty)
    there = datetime(2026, 11, 23, 8, 30, 1, 5, tzinfo=timezone(timedelta(hours=8)))
    async with empty.write() as connection:
        await connection.execute(audit.insert().values(at=there, action="test", subject=""))
    async with empty.read() as connection:
        back = (await connection.execute(select(audit.c.at))).scalar_one()
    assert back == there
    assert back.tzinfo is UTC


async def test_a_naive_time_is_refused(empty: Database) -> None:
    await migrate(empty)
    with pytest.raises(Exception, match="time zone"):
        async with empty.write() as connection:
            await connection.execute(
                audit.insert().values(at=datetime(2026, 1, 1), action="test", subject="")
            )


async def test_a_failed_write_leaves_nothing(empty: Database) -> None:
    await migrate(empty)

    async def write_and_fail() -> None:
        async with empty.write() as connection:
            await connection.execute(
                audit.insert().values(at=datetime.now(UTC), action="test", subject="")
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    async with empty.read() as connection:
        assert (await connection.execute(select(audit.c.id))).first() is None


async def test_two_processes_wait_for_each_other_to_write(sqlite_database_url: str) -> None:
    first, second = Database(sqlite_database_url), Database(sqlite_database_url)
    order: list[str] = []

    async def write(database: Database, name: str) -> None:
        for _ in range(20):
            async with database.write() as connection:
                await connection.execute(
                    audit.insert().values(at=datetime.now(UTC), action=name, subject="")
                )
                await asyncio.sleep(0)
                order.append(name)

    await asyncio.gather(write(first, "first"), write(second, "second"))
    async with first.glance() as connection:
        assert len((await connection.execute(select(audit.c.id))).all()) == len(order) == 40
    await first.close()
    await second.close()
