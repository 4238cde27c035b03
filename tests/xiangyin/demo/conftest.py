"""A prepared database and the readings a county is filled with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from backend.conversation.reading import Readings
from backend.database.engine import Database
from backend.petitions.rules import load_petition_rules
from tests.services.required import require_service
from xiangyin.preparation import prepare_database
from xiangyin.settings import TRIAGE_MODEL
from xiangyin.wiring import DATA, load_readings


@pytest.fixture(scope="module")
def readings() -> Readings:
    require_service(TRIAGE_MODEL if TRIAGE_MODEL.exists() else None, "no triage model")
    return load_readings(load_petition_rules(DATA))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    try:
        await prepare_database(opened)
        yield opened
    finally:
        await opened.close()
