from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.database.engine import Database
from backend.learning.shelf import Shelf
from backend.triage.training import train_on
from tests.learning.schoolbook import schoolbook
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.petitions.world import NOW, World

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The example county, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    try:
        yield await World.create(database)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def shipped_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the schoolbook, as the program ships one."""
    file = tmp_path_factory.mktemp("shipped") / "triage.npz"
    train_on(schoolbook(), file, now=NOW)
    return file


@pytest.fixture
def shelf(tmp_path: Path, shipped_model: Path) -> Shelf:
    return Shelf(tmp_path / "models", shipped_model)
