from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backend.database.engine import Database
from tests.deployment.county import County
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.petitions.world import World

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def county(database_url: str) -> AsyncIterator[County]:
    """The example county with an administrator, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    try:
        world = await World.create(database)
        yield County(world, await world.official("qinghe", "admin"))
    finally:
        await database.close()
