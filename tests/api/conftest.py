from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.site import NODE_MODULES, Site, serve
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.services.required import require_service

__all__ = ["postgres_template", "sqlite_template"]


@pytest.fixture
async def site(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running site on SQLite."""
    require_service(NODE_MODULES.is_dir(), "no node_modules (npm ci)")
    async with serve(sqlite_database_url, tmp_path) as running:
        yield running


@pytest.fixture
async def any_site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running site, on SQLite and on PostgreSQL."""
    require_service(NODE_MODULES.is_dir(), "no node_modules (npm ci)")
    async with serve(database_url, tmp_path) as running:
        yield running
