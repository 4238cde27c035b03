"""Every figure against the same counted one petition at a time, by the definition in words."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.organisation.sessions import Actor
from backend.overview.cut import WHOLE, Cut, cut_of
from backend.overview.facts import DIMENSIONS, Scope
from backend.overview.figures import Counts, count_petitions
from backend.overview.period import Period, day_number, latest
from backend.overview.rows import count_rows, list_rows
from backend.overview.summary import (
    SOMEWHERE,
    UNKNOWN_PLACE,
    PlaceNames,
    place_lines,
    summarise,
)
from backend.overview.working_time import working_seconds
from backend.petitions.access import select_visible
from backend.petitions.deadline import SHANGHAI
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.tables import petition, petition_event
from tests.overview.county import fill
from tests.petitions.world import NOW, World

TODAY = NOW.astimezone(SHANGHAI).date()
PERIODS = {
    "the last days": latest(14, TODAY),
    "weeks ago": Period(TODAY - timedelta(days=25), TODAY - timedelta(days=16)),
}
PLACES = PlaceNames("地点不明", "没说哪个村")
OFFICIALS = (
    ("qinghe", "supervisor"),
    ("chengguan", "dispatcher"),
    ("liuhe_farming", "handler"),
    ("county_urban", "reader"),
)


def day_in_shanghai(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


async def naive(world: World, actor: Actor, period: Period, org_path: str | None) -> Counts:
    """One petition after the other, in Python."""
    async with world.database.read() as connection:
        rows = (await connection.execute(select_visible(actor).order_by(petition.c.id))).all()
        events = (await connection.execute(select(petition_event))).all()
    by: dict[str, Counter[str]] = {dimension: Counter() for dimension in DIMENSIONS}
    reminders, waited = 0, []
    for row in rows:
        day = day_in_shanghai(row.received_at)
        offices = (row.org_path, row.lead_path)
        if not period.first <= day <= period.last or (
            org_path and not any(path.startswith(org_path) for path in offices)
        ):
            continue
        first = min(
            (one.at for one in events if one.petition_id == row.id and one.type == "answered"),
            default=None,
        )
        if first is not None:
            start, end = row.received_at.replace(microsecond=0), first.replace(microsecond=0)
            waited.append(working_seconds(start, end, world.rules.calendar))
        by["day"][str(day_number(day))] += 1
        by["domain"][row.domain] += 1
        by["place"][row.place_code or ""] += 1
        by["channel"][row.channel] += 1
        by["answered"]["yes" if first else "no"] += 1
        by["timeliness"][timeliness(row, first, events)] += 1
        by["rating"][str(row.rating or 0)] += 1
        by["reopened"]["yes" if row.reopened else "no"] += 1
        by["reminded"]["yes" if row.reminders else "no"] += 1
        reminders += row.reminders
    waited.sort()
    percentiles = {
        percent: waited[-(-len(waited) * percent // 100) - 1] for percent in (50, 90) if waited
    }
    return Counts({name: dict(counter) for name, counter in by.items()}, reminders, percentiles)


def timeliness(row: Any, first: datetime | None, events: Any) -> str:
    due = row.due_on
    for one in events:
        if one.petition_id == row.id and one.type == "reopened" and one.detail["due_on"][0]:
            due = date.fromisoformat(one.detail["due_on"][0])
    if due is None:
        return "none"
    if first is not None:
        return "on_time" if day_in_shanghai(first) <= due else "late"
    if row.state not in OPEN_STATES:
        return "none"
    return "late" if due < TODAY else "open"


@pytest.mark.parametrize("seed", [1, 2])
async def test_figures_are_what_they_are_said_to_be(world: World, seed: int) -> None:
    await fill(world, 150, seed)
    counted = 0
    for office, role in OFFICIALS:
        actor = await world.official(office, role)
        for period in PERIODS.values():
            for path in (None, world.orgs["chengguan"].path):
                scope = Scope(period, path)
                async with world.database.read() as connection:
                    counts = await count_petitions(
                        connection, actor, scope, world.rules.calendar, world.now
                    )
                assert counts == await naive(world, actor, period, path)
                counted += summarise(counts).received
    assert counted > 100


async def test_every_number_is_that_of_its_rows(world: World) -> None:
    await fill(world, 150, 3)
    actor = await world.official("qinghe", "supervisor")
    scope, rules = Scope(PERIODS["the last days"]), world.rules
    asked = (actor, scope)
    async with world.database.read() as connection:

        async def listed(cut: Cut) -> int:
            return await count_rows(connection, *asked, cut, rules.calendar, world.now)

        now = await count_petitions(connection, *asked, rules.calendar, world.now)
        summary = summarise(now)
        assert await listed(WHOLE) == summary.received > 20

        def cut(by: str, key: str) -> Cut:
            return cut_of(
                by,
                key,
                scope.period,
                {**rules.catalogue.services, "withdrawn_domain": None},
                rules.catalogue.divisions,
                {"wechat": "微信", "sms": "短信"},
            )

        for by in ("domain", "channel"):
            for key, number in now.by[by].items():
                assert await listed(cut(by, key)) == number
        for day in scope.period.each_day():
            number = now.by["day"].get(str(day_number(day)), 0)
            assert await listed(cut("day", day.isoformat())) == number
        assert await listed(cut("timeliness", "decided")) == summary.decided > 0
        assert await listed(cut("rating", "rated")) == summary.rated > 0
        assert await listed(cut("answered", "yes")) == summary.answered
        assert await listed(cut("reopened", "yes")) == summary.reopened > 0
        assert await listed(cut("reminded", "yes")) == summary.reminded > 0
        places = place_lines(rules.catalogue.divisions, PLACES, now, now)
        assert sum(line.now for line in places) == summary.received
        for line in places:
            assert await listed(cut("place", line.value)) == line.now
            for part in line.parts:
                assert await listed(cut("place", part.value)) == part.now


async def test_pages_of_rows_hold_each_once(world: World) -> None:
    await fill(world, 150, 4)
    actor = await world.official("qinghe", "supervisor")
    scope = Scope(Period(TODAY - timedelta(days=60), TODAY))
    ids: list[int] = []
    before: int | None = None
    async with world.database.read() as connection:
        while True:
            page, before = await list_rows(
                connection, actor, scope, WHOLE, world.rules.calendar, world.now, before=before
            )
            ids += [one.id for one in page]
            if before is None:
                break
    async with world.database.read() as connection:
        seen = (await connection.execute(select_visible(actor))).all()
    assert ids == sorted((row.id for row in seen), reverse=True)


async def test_a_period_without_petitions(world: World) -> None:
    actor = await world.official("qinghe", "supervisor")
    async with world.database.read() as connection:
        counts = await count_petitions(
            connection, actor, Scope(latest(7, TODAY)), world.rules.calendar, world.now
        )
    summary = summarise(counts)
    assert (summary.received, summary.median_wait, summary.on_time_rate) == (0, None, None)
    assert (summary.mean_rating, summary.reopened_rate) == (None, None)


async def test_where_all_lies_in_one_township_its_villages_are_the_lines(world: World) -> None:
    divisions = world.rules.catalogue.divisions
    village, other = [code for code, one in divisions.items() if one.level == "village"][:2]
    town = divisions[village].parent
    assert town is not None
    assert divisions[other].parent == town
    now = Counts({"place": {village: 3, other: 5, town: 1, "": 2}})
    before = Counts({"place": {village: 4}})
    found = [
        (line.value, line.now, line.before, line.parts)
        for line in place_lines(divisions, PLACES, now, before)
    ]
    assert found == [
        (other, 5, 0, ()),
        (village, 3, 4, ()),
        (f"{SOMEWHERE}{town}", 1, 0, ()),
        (UNKNOWN_PLACE, 2, 0, ()),
    ]
