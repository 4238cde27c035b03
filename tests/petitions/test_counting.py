"""Counts are remembered until a petition changes, and never told to another official."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.organisation.sessions import Actor
from backend.petitions import counting, queue
from backend.petitions.counting import LONGEST, QueueCounter
from backend.petitions.queue import Filters, queue_counts
from backend.petitions.remaining import REMAINING, remaining_days
from tests.petitions.world import NOW, World


async def test_counts_follow_every_change(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = QueueCounter()
    town = await world.official("chengguan", "dispatcher")
    other = await world.official("liuhe", "dispatcher")
    asked: list[str] = []

    async def counts(actor: Actor, filters: Filters) -> dict[str, int]:
        async with world.database.read() as connection:
            found = await counter.counts(connection, actor, filters, world.now)
        return dict(found.by_state)

    def watch(part: str) -> None:
        real = getattr(counting, part)

        async def counted(*arguments: object) -> object:
            asked.append(part)
            return await real(*arguments)

        monkeypatch.setattr(counting, part, counted)

    watch("owed_counts")
    watch("settled_counts")
    assert await counts(town, Filters()) == {}
    number = (await world.file()).number
    assert await counts(town, Filters()) == {"received": 1}
    assert await counts(town, Filters(states=("closed",))) == {"received": 1}
    # The state is no part of the question; what is settled has not changed.
    assert asked == ["owed_counts", "settled_counts", "owed_counts"]
    assert await counts(other, Filters()) == {}
    assert await counts(town, Filters(kinds=("praise",))) == {}
    await world.done(town, number, "accept")
    assert await counts(town, Filters()) == {"accepted": 1}
    asked.clear()
    await world.done(town, number, "answer", "好了")
    assert await counts(town, Filters()) == {"resolved": 1}
    assert asked == ["owed_counts", "settled_counts"]
    world.clock.move(LONGEST)
    assert await counts(town, Filters()) == {"resolved": 1}
    assert asked == ["owed_counts", "settled_counts"] * 2


async def test_what_is_settled_is_counted_so_far_and_no_further(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await world.official("chengguan", "dispatcher")
    monkeypatch.setattr(queue, "MOST_COUNTED", 2)
    for _ in range(4):
        number = (await world.file()).number
        await world.done(town, number, "accept")
        async with world.database.read() as connection:
            owed = await queue_counts(connection, town, Filters(), world.now)
        assert not owed.more_than_counted(["accepted"])
        await world.done(town, number, "answer", "好了")
    for _ in range(4):
        await world.file()
    queue._settled.cache_clear()
    async with world.database.read() as connection:
        found = await queue_counts(connection, town, Filters(), world.now)
        none = await queue_counts(connection, town, Filters(text="没有这件事"), world.now)
    queue._settled.cache_clear()
    assert found.by_state == {"received": 4, "resolved": 3}
    assert found.more_than_counted(["received", "resolved"])
    assert not found.more_than_counted(["received"])
    assert none.by_state == {}


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
