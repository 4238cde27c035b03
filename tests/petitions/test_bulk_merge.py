"""Many petitions merged into a chosen one, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backend.organisation.sessions import Actor
from backend.petitions.bulk_merge import merge_each
from backend.petitions.chosen import MOST_AT_ONCE, Chosen
from backend.petitions.outcomes import Conflict, Done, Forbidden, Impossible, Invalid, Outcome
from tests.petitions.world import World, reading


async def merged(world: World, actor: Actor, main: str, others: Sequence[str]) -> Sequence[Outcome]:
    """With the versions as they are now."""
    chosen = [Chosen(number, (await world.row(number)).version) for number in (main, *others)]
    return await merge_each(world.database, world.desk, actor, chosen[0], chosen[1:])


async def test_the_chosen_one_leads_though_another_is_further_on(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    office = world.orgs["chengguan_construction"].id
    main, further, follower, last = [
        (await world.file(reading=reading(title=f"第{i}件"))).number for i in range(4)
    ]
    await world.done(desk, further, "dispatch", office)
    await world.done(desk, follower, "merge", further)
    outcomes = await merged(world, desk, main, [further, last])
    assert [type(one) for one in outcomes] == [Done, Done]
    main_id = (await world.row(main)).id
    for number in (further, follower, last):
        row = await world.row(number)
        assert (row.state, row.main_id, row.lead_org_id) == ("joined", main_id, None)
    assert (await world.row(main)).state == "received"
    # Each citizen hears by their own number and in their own words, and nobody else's.
    said = dict(await world.said(further))
    assert said["petition_merged"] == f"number={further} title=第1件"
    events = await world.events(further)
    assert [(one.type, one.user_id) for one in events][-1] == ("merged", desk.user_id)
    assert [one.type for one in await world.events(main)].count("took_in") == 2


async def test_each_refusal_by_itself(world: World) -> None:
    desk = await world.official("qinghe", "supervisor")
    main, fine, changed, over = [(await world.file()).number for _ in range(4)]
    report = (await world.file(reading=reading(kind="report"))).number
    await world.done(desk, over, "accept")
    await world.done(desk, over, "answer", "修好了")
    at = {one: (await world.row(one)).version for one in (main, fine, over, report)}
    await world.done(desk, changed, "accept")
    chosen = [Chosen(one, at.get(one, 1)) for one in (changed, over, report, main, fine)]
    outcomes = await merge_each(world.database, world.desk, desk, Chosen(main, at[main]), chosen)
    assert isinstance(outcomes[0], Conflict)
    assert isinstance(outcomes[1], Impossible)
    assert outcomes[2] == Invalid("other", "merge_confidential")
    assert outcomes[3] == Invalid("other", "merge_same")
    assert isinstance(outcomes[4], Done)


async def test_posted_again_nothing_is_done_twice(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    main, other = (await world.file()).number, (await world.file()).number
    for _ in range(2):
        outcomes = await merge_each(
            world.database, world.desk, desk, Chosen(main, 1), [Chosen(other, 1)]
        )
        assert [type(one) for one in outcomes] == [Done]
    assert [one.type for one in await world.events(other)] == ["received", "merged"]
    assert len(await world.said(other)) == 1


async def test_a_main_one_that_has_changed_takes_nothing_in(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    main, other = (await world.file()).number, (await world.file()).number
    await world.done(desk, main, "accept")
    (outcome,) = await merge_each(
        world.database, world.desk, desk, Chosen(main, 1), [Chosen(other, 1)]
    )
    assert isinstance(outcome, Conflict)
    assert (await world.row(other)).state == "received"


async def test_who_may_not_sort_may_not_merge(world: World) -> None:
    handler = await world.official("chengguan", "handler")
    main, other = (await world.file()).number, (await world.file()).number
    (outcome,) = await merged(world, handler, main, [other])
    assert isinstance(outcome, Forbidden)


async def test_no_more_than_can_be_looked_through(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    with pytest.raises(ValueError, match="at once"):
        await merge_each(
            world.database, world.desk, desk, Chosen("1", 1), [Chosen("2", 1)] * MOST_AT_ONCE
        )
