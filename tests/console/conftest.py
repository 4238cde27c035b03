"""A site for each test, and one Chromium for all of a worker's tests: to start one took longer than
most of what is done with it. A browser belongs to a loop, so all tests of this room run on one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.console.site import NODE_MODULES, Site, serve
from tests.petitions.county_template import postgres_template, sqlite_template
from tests.services.chromium import launched
from tests.services.required import require_service

__all__ = ["postgres_template", "sqlite_template"]

ROOM = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(ROOM) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: Path) -> AsyncIterator[Any]:
    """A headless Chromium (playwright.async_api.Browser) for all tests."""
    async with launched(chromium_path) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium: Any) -> AsyncIterator[Any]:
    """Chromium without anybody's pages; those a failed test leaves open are closed."""
    assert not chromium.contexts
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """What a test leaves running ends with it, as on a loop of its own."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@pytest_asyncio.fixture(loop_scope="session")
async def site(sqlite_database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running site on SQLite."""
    require_service(NODE_MODULES.is_dir(), "no node_modules (npm ci)")
    async with serve(sqlite_database_url, tmp_path) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def any_site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A running site, on SQLite and on PostgreSQL."""
    require_service(NODE_MODULES.is_dir(), "no node_modules (npm ci)")
    async with serve(database_url, tmp_path) as running:
        yield running
