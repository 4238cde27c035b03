from collections.abc import AsyncIterator

import pytest

from backend.database.engine import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A migrated database, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    try:
        yield database
    finally:
        await database.close()
