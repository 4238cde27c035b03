from collections.abc import AsyncIterator

import pytest

from backend.database.engine import Database
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.petitions.world import World

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """The example county, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    try:
        yield await World.create(database)
    finally:
        await database.close()
