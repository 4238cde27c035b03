from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.xiangyin.backup.installation import Installation


@pytest.fixture
async def filled(database_url: str, tmp_path: Path) -> Installation:
    """An installation with content, on SQLite and on PostgreSQL."""
    installation = Installation(tmp_path / "var", database_url)
    await installation.fill()
    return installation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a backup is to be."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder / "county.tar.gz"


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """An installation without any database, on either: what is restored may change its database."""
    folder = tmp_path / "elsewhere"
    if request.param == "sqlite":
        yield Installation(folder, f"sqlite+aiosqlite:///{folder / 'xiangyin.db'}")
        return
    server = request.getfixturevalue("postgres")
    name = server.create_database()
    yield Installation(folder, server.url(name))
    server.drop_database(name)
