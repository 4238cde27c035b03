"""Counts of corrected readings, and the petitions behind them, on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.learning.drift import (
    DriftCut,
    DriftScope,
    ReadCount,
    count_corrected,
    count_readings,
    list_corrected,
    week_of,
)
from backend.learning.drift_summary import Pair, Share, by_model, by_value, pairs, weekly
from backend.organisation.sessions import Actor
from backend.overview.period import Period
from backend.petitions.correction import Correction
from tests.petitions.world import LIUHE_HONGXING, World, reading

MONDAY = date(2026, 11, 23)
SCOPE = DriftScope(Period(date(2026, 11, 9), date(2026, 11, 29)))


async def some(world: World) -> Actor:
    """Monday 23rd: three of 城关镇, two of them set right; the Sunday before: one accepted as it
    was read; one nobody has looked at."""
    desk = await world.official("chengguan", "dispatcher", "陈静")
    world.clock.move(-timedelta(hours=13))  # 22nd, 23:00 in Shanghai
    early = await world.file(text="路灯不亮")
    await world.done(desk, early.number, "accept")
    world.clock.move(timedelta(hours=1, minutes=1))
    wrong = await world.file(text="电梯坏了，13812345678")
    await world.done(desk, wrong.number, "correct", Correction(domain="property", kind="complaint"))
    place = await world.file(text="垃圾没人收", reading=reading(domain="property"))
    await world.done(desk, place.number, "correct", Correction(place="人民路口"))
    back = await world.file(text="垃圾堆成山")
    await world.done(desk, back.number, "correct", Correction(domain="property"))
    await world.done(desk, back.number, "correct", Correction(domain="sanitation"))
    await world.file(text="没有人看过")
    world.clock.move(timedelta(hours=12))
    return desk


async def counted(world: World, actor: Actor) -> list[ReadCount]:
    async with world.database.read() as connection:
        return list(await count_readings(connection, actor, SCOPE))


async def test_only_what_somebody_looked_at_counts(world: World) -> None:
    desk = await some(world)
    counts = await counted(world, desk)
    weeks = weekly(counts, SCOPE.period)
    assert list(weeks) == [date(2026, 11, 9), date(2026, 11, 16), MONDAY]
    assert weeks[date(2026, 11, 9)]["domain"] == Share(0, 0)
    assert weeks[date(2026, 11, 16)]["domain"] == Share(1, 0)
    # Three were set right, one of them in the end to what the machine had said.
    assert weeks[MONDAY]["domain"] == Share(3, 1)
    assert weeks[MONDAY]["kind"] == Share(3, 1)
    assert weeks[MONDAY]["urgency"] == Share(3, 0)
    assert weeks[MONDAY]["place"] == Share(3, 1)
    assert by_value(counts, "domain") == [("sanitation", Share(3, 1)), ("property", Share(1, 0))]
    assert by_model(counts, "kind") == {"test-1": Share(4, 1)}
    assert pairs(counts, ("domain", "kind")) == [
        Pair("domain", "sanitation", "property", 1),
        Pair("kind", "request", "complaint", 1),
    ]


async def test_places_are_not_told(world: World) -> None:
    desk = await some(world)
    words = {(one.read, one.said) for one in await counted(world, desk) if one.field == "place"}
    assert words == {("", None), ("", "")}


async def test_a_number_and_its_petitions_agree(world: World) -> None:
    desk = await some(world)
    for cut, expected in (
        (DriftCut("domain"), 1),
        (DriftCut("domain", week=MONDAY), 1),
        (DriftCut("domain", week=date(2026, 11, 16)), 0),
        (DriftCut("domain", read="sanitation", said="property"), 1),
        (DriftCut("domain", read="property"), 0),
        (DriftCut("kind", said="complaint"), 1),
        (DriftCut("place"), 1),
        (DriftCut("urgency"), 0),
    ):
        async with world.database.read() as connection:
            number = await count_corrected(connection, desk, SCOPE, cut)
            page, further = await list_corrected(connection, desk, SCOPE, cut)
        assert (number, len(page), further) == (expected, expected, None), cut
    async with world.database.read() as connection:
        [row], _ = await list_corrected(connection, desk, SCOPE, DriftCut("domain"))
    assert (row.read, row.said, row.corrector) == ("sanitation", "property", "陈静")
    assert row.confidence == 0.8


async def test_only_one_s_own_branch_and_nothing_confidential(world: World) -> None:
    desk = await some(world)
    elsewhere = await world.official("liuhe", "dispatcher")
    assert await counted(world, elsewhere) == []
    boss = await world.official("qinghe", "supervisor")
    report = await world.file(text="举报有人偷水", place_code=LIUHE_HONGXING)
    await world.done(boss, report.number, "correct", Correction(kind="report"))
    assert await counted(world, elsewhere) == []
    assert len(pairs(await counted(world, boss), ("kind",))) == 2
    assert len(pairs(await counted(world, desk), ("kind",))) == 1
    async with world.database.read() as connection:
        path = world.orgs["liuhe"].path
        only = await count_readings(connection, boss, DriftScope(SCOPE.period, path))
        none = await count_readings(connection, desk, DriftScope(SCOPE.period, path))
    assert sum(one.number for one in only if one.field == "kind") == 1
    assert none == []


async def test_pages_of_corrected_petitions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.learning.drift.PAGE", 2)
    desk = await world.official("chengguan", "dispatcher")
    numbers = []
    for _ in range(3):
        filed = await world.file()
        await world.done(desk, filed.number, "correct", Correction(kind="complaint"))
        numbers.append(filed.number)
    async with world.database.read() as connection:
        first, before = await list_corrected(connection, desk, SCOPE, DriftCut("kind"))
        second, end = await list_corrected(connection, desk, SCOPE, DriftCut("kind"), before=before)
    assert [one.number for one in (*first, *second)] == numbers[::-1]
    assert end is None


def test_the_week_of_a_day() -> None:
    assert week_of(date(2026, 11, 29)) == week_of(MONDAY) == MONDAY
    assert week_of(date(2026, 11, 22)) == date(2026, 11, 16)
