from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.citizen_pages.portal import Portal, serve
from tests.petitions.county_template import postgres_template, sqlite_template

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def portal(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Portal]:
    """Running pages on SQLite."""
    async with serve(sqlite_database_url, tmp_path) as running:
        yield running


@pytest.fixture
async def any_portal(database_url: str, tmp_path: Path) -> AsyncIterator[Portal]:
    """Running pages, on SQLite and on PostgreSQL."""
    async with serve(database_url, tmp_path) as running:
        yield running
