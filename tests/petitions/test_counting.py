"""Counts are remembered until a petition changes, and never told to another official."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.petitions.counting import LONGEST, QueueCounter
from backend.petitions.queue import Filters
from backend.petitions.remaining import REMAINING, remaining_days
from tests.petitions.world import NOW, World


async def test_counts_follow_every_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = QueueCounter()
    town = await world.official("chengguan", "dispatcher")
    other = await world.official("liuhe", "dispatcher")
    asked: list[object] = []

    async def counts(actor: object, filters: Filters) -> dict[str, int]:
        async with world.database.read() as connection:
            found = await counter.counts(connection, actor, filters, world.now)  # type: ignore[arg-type]
        return dict(found.by_state)

    from backend.petitions import counting

    real = counting.queue_counts

    async def counted(*arguments: object) -> object:
        asked.append(arguments)
        return await real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "queue_counts", counted)
    assert await counts(town, Filters()) == {}
    number = (await world.file()).number
    assert await counts(town, Filters()) == {"received": 1}
    assert await counts(town, Filters(states=("closed",))) == {"received": 1}
    assert len(asked) == 2  # the state is no part of the question
    assert await counts(other, Filters()) == {}
    assert await counts(town, Filters(kinds=("praise",))) == {}
    await world.done(town, number, "accept")
    assert await counts(town, Filters()) == {"accepted": 1}
    before = len(asked)
    world.clock.move(LONGEST)
    assert await counts(town, Filters()) == {"accepted": 1}
    assert len(asked) == before + 1


def test_remaining_time(world: World) -> None:
    calendar = world.rules.calendar
    friday = NOW + timedelta(days=4)
    monday, day = date(2026, 11, 23), date(2026, 11, 27)
    assert remaining_days("overdue", NOW, calendar) == (None, date(2026, 11, 22))
    assert remaining_days("today", NOW, calendar) == (monday, monday)
    assert remaining_days("soon", NOW, calendar) == (monday, date(2026, 11, 26))
    assert remaining_days("soon", friday, calendar) == (day, date(2026, 12, 2))
    assert remaining_days("later", friday, calendar) == (date(2026, 12, 3), None)
    with pytest.raises(ValueError, match="remaining"):
        remaining_days("never", NOW, calendar)
    assert len(REMAINING) == 4
