from collections.abc import AsyncIterator

import pytest

from backend.database.engine import Database
from tests.conversation.room import petition_rules
from tests.duty.watch_room import WatchRoom
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.petitions.world import World

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[WatchRoom]:
    """The example county and its duty, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    try:
        yield await WatchRoom.open(await World.create(database, petition_rules()))
    finally:
        await database.close()
