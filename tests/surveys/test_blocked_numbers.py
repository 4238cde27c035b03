"""The black list: what it stops, who keeps it, and that every change is audited."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from backend.conversation.tables import outbox
from backend.organisation.audit import audit_events
from backend.organisation.sessions import Actor
from backend.surveys.blocked_numbers import (
    BlockRefused,
    block,
    entries,
    latest_decisions,
    unblock,
)
from tests.petitions.world import World
from tests.surveys.survey_world import SurveyWorld

NUMBER, OTHER = "13800000001", "13800000002"
BLOCKED, ASKED = ("passed_over", "blocked"), ("asked", None)


async def put(world: SurveyWorld, by: Actor, number: str = NUMBER, why: str = "来电要求") -> int:
    async with world.database.write() as connection:
        return await block(connection, by, number, why, world.clock.now())


async def test_a_blocked_number_is_asked_nothing(world: SurveyWorld, county: World) -> None:
    await put(world, await county.official("chengguan", "admin"), "+86 138-0000-0001")
    survey_id = await world.survey(NUMBER, OTHER, account="line")
    await world.ask()
    assert await world.recipients(survey_id) == [BLOCKED, ASKED]
    assert len(await world.pushes()) == 1


async def test_one_blocked_between_asking_and_saying_is_told_nothing(
    world: SurveyWorld, county: World
) -> None:
    survey_id = await world.survey(NUMBER, account="line")
    await world.push()
    assert await world.recipients(survey_id) == [ASKED]
    await put(world, await county.official("chengguan", "admin"))
    await world.ask()
    assert await world.pushes() == []


async def test_a_question_that_has_not_left_is_withdrawn(world: SurveyWorld, county: World) -> None:
    await world.survey(NUMBER, account="line")
    await world.ask()
    assert await claimable(world) == 1
    await put(world, await county.official("chengguan", "admin"))
    assert await claimable(world) == 0


async def claimable(world: SurveyWorld) -> int:
    async with world.database.read() as connection:
        waiting = select(func.count()).where(outbox.c.lane == "push", outbox.c.state == "queued")
        return await connection.scalar(waiting) or 0


async def test_taken_off_they_may_be_asked_again(world: SurveyWorld, county: World) -> None:
    head = await county.official("chengguan", "admin")
    entry = await put(world, head)
    async with world.database.write() as connection:
        assert await unblock(connection, head, entry, world.clock.now())
        assert not await unblock(connection, head, entry, world.clock.now())
        events = [each.action for each in await audit_events(connection, head.org_path)][:2]
    assert events == ["number_unblocked", "number_blocked"]
    survey_id = await world.survey(NUMBER, account="line")
    await world.ask()
    assert await world.recipients(survey_id) == [ASKED]


async def test_answers_go_out_all_the_same(world: SurveyWorld, county: World) -> None:
    await put(world, await county.official("chengguan", "admin"))
    citizen_id = await world.room.write("退订", who=NUMBER, account="line")
    await world.room.turns(citizen_id)
    assert "不再" in await world.last_said()


async def test_the_list_is_kept_within_the_branch(world: SurveyWorld, county: World) -> None:
    town = await county.official("chengguan", "admin")
    other = await county.official("liuhe", "admin")
    desk = await county.official("chengguan", "dispatcher")
    entry = await put(world, town)
    async with world.database.write() as connection:
        found, number = await entries(connection, town)
        assert [(one.number, one.reason) for one in found] == [("138****0001", "来电要求")]
        assert number == 1
        assert await entries(connection, other) == ([], 0)
        assert await entries(connection, desk) == ([], 0)
        assert await latest_decisions(connection, desk) == []
        assert not await unblock(connection, other, entry, world.clock.now())
        with pytest.raises(BlockRefused, match="forbidden"):
            await unblock(connection, desk, entry, world.clock.now())
    with pytest.raises(BlockRefused, match="forbidden"):
        await put(world, desk)
    with pytest.raises(BlockRefused, match="there"):
        await put(world, town)
    await put(world, other)  # their own entry


@pytest.mark.parametrize(
    ("number", "why", "problem"),
    [("110", "来电要求", "number"), ("", "来电要求", "number"), (NUMBER, " ", "reason")],
)
async def test_what_is_no_entry_is_refused(
    world: SurveyWorld, county: World, number: str, why: str, problem: str
) -> None:
    with pytest.raises(BlockRefused, match=problem):
        await put(world, await county.official("chengguan", "admin"), number, why)


async def test_who_opts_out_in_words_is_in_the_ledger(world: SurveyWorld, county: World) -> None:
    citizen_id = await world.room.write("TD", who=NUMBER, account="line")
    await world.room.turns(citizen_id)
    head = await county.official("county", "admin")
    async with world.database.read() as connection:
        (found,) = await latest_decisions(connection, head)
    assert (found.address, found.channel, found.words) == (NUMBER, "sms", "TD")
    assert (found.decision, found.at) == ("opt_out", world.clock.now())
