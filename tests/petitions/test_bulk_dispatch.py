"""Many petitions dispatched at once, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from backend.organisation.sessions import Actor
from backend.petitions.bulk_dispatch import BulkDispatch, dispatch_each
from backend.petitions.chosen import MOST_AT_ONCE, Chosen
from backend.petitions.offices import suggest_offices
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Missing,
    Outcome,
)
from backend.petitions.tables import dispatch
from tests.petitions.world import JINXIU, LIUHE_HONGXING, World, reading

TOKEN = "a-token-of-one-posting"


async def posted(
    world: World,
    actor: Actor,
    chosen: Sequence[tuple[str, int]],
    lead: int | None = None,
    token: str = TOKEN,
) -> Sequence[Outcome]:
    wanted = BulkDispatch(token, lead, "请一并处理")
    picked = [Chosen(number, version) for number, version in chosen]
    return await dispatch_each(world.database, world.desk, actor, wanted, picked)


async def test_each_to_the_office_suggested_for_it(world: World) -> None:
    boss = await world.official("qinghe", "supervisor")
    drain = (await world.file()).number
    school = (await world.file(reading=reading(domain="education"))).number
    road = (await world.file(place_code=LIUHE_HONGXING)).number
    outcomes = await posted(world, boss, [(drain, 1), (school, 1), (road, 1)])
    assert [type(one) for one in outcomes] == [Done, Done, Done]
    leads = {world.orgs[name].id: name for name in world.orgs}
    assert leads[(await world.row(drain)).lead_org_id] == "chengguan_enforcement"
    assert leads[(await world.row(road)).lead_org_id] == "liuhe_enforcement"
    assert (await world.row(school)).lead_org_id not in {
        (await world.row(drain)).lead_org_id,
        (await world.row(road)).lead_org_id,
    }
    for number in (drain, school, road):
        row = await world.row(number)
        assert (row.state, row.urgency) == ("dispatched", "normal")
        events = await world.events(number)
        assert [one.type for one in events] == ["received", "accepted", "dispatched"]
        assert (events[-1].reason, events[-1].user_id) == ("请一并处理", boss.user_id)
        assert [key for key, _ in await world.said(number)] == ["petition_dispatched"]


async def test_all_to_one_office_and_each_refusal_by_itself(world: World) -> None:
    boss = await world.official("qinghe", "supervisor")
    town = await world.official("chengguan", "dispatcher")
    lead = world.orgs["chengguan_construction"].id
    fine, changed, given, accused, hidden, last = [(await world.file()).number for _ in range(6)]
    await world.done(boss, changed, "accept")
    await world.done(boss, given, "dispatch", world.orgs["chengguan_enforcement"].id)
    await world.done(boss, accused, "set_subject", org_id=lead)
    await world.done(boss, hidden, "set_subject", org_id=world.orgs["chengguan"].id)
    elsewhere = (await world.file(place_code=LIUHE_HONGXING)).number
    outcomes = await posted(
        world,
        town,
        [
            (fine, 1),
            (changed, 1),
            (given, (await world.row(given)).version),
            (accused, (await world.row(accused)).version),
            (hidden, (await world.row(hidden)).version),
            (elsewhere, 1),
            ("20261123-9999-0", 1),
            (last, 1),
        ],
        lead,
    )
    assert outcomes[0] == Done(fine, 2, "dispatched")
    assert outcomes[1] == Conflict(2)
    assert outcomes[2] == Impossible("dispatched", "dispatch")
    assert outcomes[3] == Invalid("lead_org_id", "recused")
    assert outcomes[4:7] == [Missing(), Missing(), Missing()]
    assert outcomes[7] == Done(last, 2, "dispatched")
    assert (await world.row(fine)).lead_org_id == lead
    assert (await world.row(changed)).lead_org_id is None
    assert (await world.row(given)).lead_org_id == world.orgs["chengguan_enforcement"].id
    assert (await world.row(accused)).lead_org_id is None


async def test_posted_again_nothing_is_done_twice(world: World) -> None:
    boss = await world.official("qinghe", "supervisor")
    numbers = [(await world.file()).number for _ in range(3)]
    chosen = [(number, 1) for number in numbers]
    both = await asyncio.gather(posted(world, boss, chosen), posted(world, boss, chosen))
    handler = await world.official("chengguan_enforcement", "handler")
    await world.done(handler, numbers[0], "start")
    again = await posted(world, boss, chosen)
    for outcomes in (*both, again):
        assert [type(one) for one in outcomes] == [Done, Done, Done]
    assert again[0] == Done(numbers[0], 3, "in_progress")
    for number in numbers:
        types = [one.type for one in await world.events(number)]
        assert types.count("dispatched") == 1
        assert len(await world.said(number)) == 1
    async with world.database.read() as connection:
        lines = await connection.execute(select(dispatch.c.id).where(dispatch.c.role == "lead"))
        assert len(lines.all()) == 3
    # Another posting, and another official's of the same name, are told what is so.
    other = await posted(world, boss, chosen, token="another-posting-now")
    assert [type(one) for one in other] == [Conflict, Conflict, Conflict]
    colleague = await world.official("qinghe", "supervisor")
    assert [type(one) for one in await posted(world, colleague, chosen)] == [Conflict] * 3


async def test_without_a_suggestion_nothing_is_guessed(world: World) -> None:
    boss = await world.official("qinghe", "supervisor")
    filed = await world.file()
    for _level in ("township", "county"):
        async with world.database.read() as connection:
            found = await suggest_offices(
                connection,
                world.rules,
                petition_id=filed.petition_id,
                domain="sanitation",
                place_code=JINXIU,
            )
        assert found.lead is not None
        await world.done(boss, filed.number, "set_subject", org_id=found.lead.id)
    version = (await world.row(filed.number)).version
    outcomes = await posted(world, boss, [(filed.number, version)])
    assert outcomes == [Invalid("lead_org_id", "unsuggested")]
    assert (await world.row(filed.number)).state == "received"


async def test_who_may_not_dispatch_does_not_and_a_hundred_is_the_most(world: World) -> None:
    number = (await world.file()).number
    for role in ("handler", "reader"):
        actor = await world.official("chengguan", role)
        assert await posted(world, actor, [(number, 1)]) == [Forbidden("dispatch")]
    boss = await world.official("qinghe", "supervisor")
    with pytest.raises(ValueError, match="101"):
        await posted(world, boss, [(number, 1)] * (MOST_AT_ONCE + 1))
    assert (await world.row(number)).state == "received"
