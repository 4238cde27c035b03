"""kill -9 of the app in the middle of a push: nobody is skipped, nobody asked twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.clock import SystemClock
from backend.conversation.steps import PUSH_STEPS
from backend.conversation.tables import address, outbox
from backend.database.engine import Database
from backend.surveys.tables import survey_recipient
from tests.durability.world import Halt, World
from tests.services.nursery import BOT_PYTHON
from tests.services.required import require_service
from tests.surveys.opened import open_survey

PEOPLE = [f"o-citizen-{each:03}" for each in range(200)]
SETTLE_SECONDS = 120.0
SENDING = ("outbox.claimed", "outbox.sent", "outbox.recorded")


class PushWorld(World):
    """Fast, and at any hour of the day."""

    def environment(self, halts: Iterable[Halt] = ()) -> dict[str, str]:
        return {
            **super().environment(halts),
            "XIANGYIN_QUIET_FROM": "00:00",
            "XIANGYIN_QUIET_UNTIL": "00:00",
            "XIANGYIN_ACCOUNTS__TOWN__PUSH_PER_SECOND": "60",
        }


@pytest.fixture(autouse=True)
def bot_installed() -> None:
    require_service(BOT_PYTHON.exists() or None, "no bot environment (make install)")


async def test_the_app_dies_at_every_step_of_a_push(database_url: str, tmp_path: Path) -> None:
    halts = [Halt(step, "KILL", 1 + number % 2) for number, step in enumerate(PUSH_STEPS)]
    halts += [Halt(step, "KILL", 2) for step in SENDING]
    world = PushWorld(database_url, tmp_path, halts)
    for who in PEOPLE:
        world.platform.follow(who)
    await world.start()
    database = Database(database_url)
    try:
        await open_survey(database, "town", PEOPLE, SystemClock().now(), wrote=True)
        await _settled(world, database)
        await _check(world, database)
    finally:
        await database.close()
        await world.stop()
    assert world.struck.count("app died") == len(halts)


async def _settled(world: World, database: Database) -> None:
    """Until everyone was asked and nothing is under way any more."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        async with database.read() as connection:
            waiting = await connection.scalar(
                select(func.count()).where(survey_recipient.c.state == "waiting")
            )
            told = await connection.scalar(
                select(func.count()).where(outbox.c.state.in_(("sent", "delivered", "unknown")))
            )
        if not waiting and told == len(PEOPLE):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{waiting} waiting, {told} told; {world.log_tail()}")
        await asyncio.sleep(0.2)


async def _check(world: World, database: Database) -> None:
    pushed = Counter(each.openid for each in world.platform.pushed)
    async with database.read() as connection:
        rows = await connection.execute(
            select(address.c.external_id, outbox.c.state, outbox.c.lane).join(
                address, address.c.id == outbox.c.address_id
            )
        )
        told = rows.all()
        states = (await connection.execute(select(survey_recipient.c.state))).scalars().all()
    assert sorted(row.external_id for row in told) == PEOPLE, "skipped, or asked twice"
    assert set(states) == {"asked"}
    for row in told:
        copies = pushed[row.external_id]
        assert row.lane == "push"
        assert copies <= 1, f"{row.external_id}: {copies} copies"
        assert copies == 1 or row.state == "unknown", f"{row.external_id} never told, yet {row}"
