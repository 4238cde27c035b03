"""Commands without a server go by the deployment's own catalogue where there is one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backend.clock import SystemClock
from backend.database.engine import Database
from backend.deployment import versions
from backend.deployment.effective import DIVISIONS, load_shipped
from xiangyin.loading import load_settings
from xiangyin.own_catalogue import read_catalogues
from xiangyin.preparation import DATA, prepare_database
from xiangyin.settings import Settings

COUNTY = "990101"


@pytest.fixture
def settings(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XIANGYIN_CONFIG", os.devnull)
    return load_settings(database_url=database_url, var_dir=tmp_path)


async def test_own_divisions_hold_and_the_shipped_are_told_too(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        await prepare_database(database)
        assert await read_catalogues(settings) == (load_shipped(DATA).catalogue,) * 2
        shipped = load_shipped(DATA).contents[DIVISIONS]
        content = {**shipped, "county": {**shipped["county"], "aliases": ["柳浪"]}}
        async with database.write() as connection:
            now = SystemClock().now()
            await versions.append_version(
                connection, DIVISIONS, content, note="", user_id=None, now=now
            )
    finally:
        await database.close()
    own, known = await read_catalogues(settings)
    assert "柳浪" in own.divisions[COUNTY].names
    assert "柳浪" not in known.divisions[COUNTY].names


async def test_without_a_database_the_shipped_one_holds_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIANGYIN_CONFIG", os.devnull)
    settings = load_settings(database_url="", var_dir=tmp_path / "none")
    own, shipped = await read_catalogues(settings)
    assert own is shipped
    assert not (tmp_path / "none").exists()


async def test_a_database_older_than_such_data_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIANGYIN_CONFIG", os.devnull)
    file = tmp_path / "old.db"
    file.touch()
    settings = load_settings(database_url=f"sqlite:///{file}", var_dir=tmp_path)
    own, shipped = await read_catalogues(settings)
    assert own == shipped
