"""The conversation's database and clock with a survey on them; and a county of officials."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.database.engine import Database
from tests.conversation.conftest import HandClock, clock, database
from tests.petitions.world import World
from tests.surveys.survey_world import SurveyWorld

__all__ = ["clock", "database"]


@pytest.fixture
def world(database: Database, clock: HandClock, tmp_path: Path) -> SurveyWorld:
    return SurveyWorld(database, clock, tmp_path)


@pytest.fixture
async def county(database: Database) -> World:
    """The example county, on SQLite and on PostgreSQL."""
    return await World.create(database)
