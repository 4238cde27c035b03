"""The services themselves: real, fresh for each test, gone afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from backend.database.engine import Database
from backend.database.revision import current_revision, newest_revision
from tests.services import kannel as kannel_service
from tests.services.postgres import PostgresServer, find_binaries
from tests.services.process import wait_until
from tests.services.required import missing_service, require_service


@pytest.mark.parametrize("turn", [1, 2])
async def test_each_test_gets_a_migrated_database_of_its_own(database_url: str, turn: int) -> None:
    database = Database(database_url)
    try:
        assert await current_revision(database) == newest_revision() is not None
        async with database.write() as connection:
            await connection.execute(text(f"CREATE TABLE only_in_this_test_{turn} (id integer)"))
        async with database.read() as connection:
            tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert f"only_in_this_test_{turn}" in tables
        assert f"only_in_this_test_{3 - turn}" not in tables
    finally:
        await database.close()


async def test_empty_database_has_no_revision(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        assert await current_revision(database) is None
    finally:
        await database.close()


def test_valkey_is_real_and_empty(valkey_url: str) -> None:
    import redis

    with redis.Redis.from_url(valkey_url, decode_responses=True) as client:
        assert client.dbsize() == 0
        client.xadd("s", {"k": "v"})
        assert client.info()["server_name"] == "valkey"


def test_own_valkey_can_die_and_come_back(own_valkey: Any) -> None:
    import redis

    with redis.Redis.from_url(own_valkey.url) as client:
        client.set("k", "v")
        own_valkey.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("k")
        own_valkey.start()
        assert client.get("k") is None


def test_postgres_leaves_nothing_behind() -> None:
    server = PostgresServer(require_service(find_binaries(), "no PostgreSQL"))
    server.start()
    process = server.process
    assert process is not None
    server.stop()
    assert process.poll() is not None
    assert not server.folder.exists()


async def test_browser_shows_chinese(page: Any) -> None:
    await page.set_content("<h1>乡音</h1>")
    assert await page.inner_text("h1") == "乡音"


def test_kannel_is_found(kannel: kannel_service.KannelBinaries) -> None:
    assert all(Path(path).is_file() for path in (kannel.bearerbox, kannel.smsbox, kannel.fakesmsc))


def test_missing_service_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception):
        missing_service("no such thing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        require_service(None, "no such thing")


def test_wait_until_names_what_it_waited_for() -> None:
    with pytest.raises(TimeoutError, match="the moon"):
        wait_until(lambda: False, seconds=0.05, what="the moon")
