"""The database: away, not migrated, as it should be."""

from __future__ import annotations

from collections.abc import Callable

from backend.database.engine import Database
from xiangyin.checks.data import check_database
from xiangyin.checks.finding import State
from xiangyin.preparation import prepare_database
from xiangyin.settings import Settings


async def test_a_database_away_without_its_password(
    settings: Callable[..., Settings], unused_tcp_port: int
) -> None:
    url = f"postgresql://u:hunter2@127.0.0.1:{unused_tcp_port}/x"
    found = await check_database(settings(database_url=url))
    assert found.state is State.BAD
    assert "hunter2" not in found.fact


async def test_not_migrated_and_migrated(settings: Callable[..., Settings]) -> None:
    ready = settings()
    found = await check_database(ready)
    assert (found.state, "xiangyin migrate" in found.advice) == (State.BAD, True)
    database = Database(ready.database_url)
    try:
        await prepare_database(database)
    finally:
        await database.close()
    assert (await check_database(ready)).state is State.GOOD
