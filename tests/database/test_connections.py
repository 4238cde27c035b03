"""Connections of a pool that died meanwhile: PostgreSQL was restarted, or a firewall forgot one."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from backend.database import engine
from backend.database.direct import DRIVER_ERRORS
from backend.database.engine import Database

OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def end_all_others(url: str) -> int:
    database = Database(url)
    async with database.write() as connection:
        ended = (await connection.execute(text(OTHERS))).scalar_one()
    await database.close()
    return int(ended)


async def one(database: Database) -> int:
    async with database.write() as connection:
        return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def test_a_connection_the_server_closed_is_replaced(postgres_database_url: str) -> None:
    database = Database(postgres_database_url, pool_size=3)
    assert await asyncio.gather(*(one(database) for _ in range(3))) == [1, 1, 1]
    assert await end_all_others(postgres_database_url) == 3
    await asyncio.sleep(0.2)  # the loop hears of it
    assert await asyncio.gather(*(one(database) for _ in range(3))) == [1, 1, 1]
    await database.close()


async def test_one_that_lay_idle_is_asked_before_it_is_used(
    postgres_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has told this process that it is closed: the loop did not run in between."""
    monkeypatch.setattr(engine, "PING_AFTER_SECONDS", 0)
    database = Database(postgres_database_url, pool_size=1)
    assert await one(database) == 1
    async with database.writer.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert driver is not None
    assert await end_all_others(postgres_database_url) == 1
    monkeypatch.setattr(type(driver), "is_closed", lambda _: False)
    assert await one(database) == 1
    await database.close()


async def test_a_drivers_own_connection_given_up_half_way_is_nobody_elses(
    postgres_database_url: str,
) -> None:
    database = Database(postgres_database_url, pool_size=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), database.write_direct() as driver:
            await driver.fetch("SELECT pg_sleep(30)")
    async with asyncio.timeout(10):
        assert await one(database) == 1
    assert driver.is_closed()
    await database.close()


async def test_a_transaction_on_sqlite_itself_is_whole_or_not_at_all(
    sqlite_database_url: str,
) -> None:
    database = Database(sqlite_database_url)
    both = "CREATE TABLE half (id INTEGER)", "CREATE TABLE half (id INTEGER)"
    with pytest.raises(DRIVER_ERRORS):
        async with database.write_direct() as driver:
            list(map(driver.execute, both))
    async with database.write_direct() as driver:
        found = driver.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    assert found == []
    await database.close()
