"""Who is asked, how many at a time, when not, and that nobody is asked twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select, update

from backend.conversation import outbox
from backend.conversation.addresses import load_accounts
from backend.conversation.tables import conversation
from backend.conversation.tables import outbox as outbox_table
from backend.surveys.push_limits import QuietHours
from backend.surveys.pushing import SurveyPusher
from backend.surveys.tables import survey
from tests.surveys.survey_world import SurveyWorld

ASKED, WAITING = ("asked", None), ("waiting", None)


async def test_each_is_asked_once_and_their_prompt_is_kept(world: SurveyWorld) -> None:
    survey_id = await world.survey("甲", "乙")
    for _ in range(3):
        await world.ask()
    assert await world.recipients(survey_id) == [ASKED, ASKED]
    first, second = await world.pushes()
    assert first == second
    assert "青禾县" in first
    assert first.endswith("1 每天\n2 两三天\n3 很少来")
    async with world.database.read() as connection:
        rows = (await connection.execute(select(conversation.c.prompt))).scalars().all()
    assert [len(row["options"]) for row in rows if row] == [3, 3]


async def test_those_opted_out_asked_lately_or_gone_are_passed_over(world: SurveyWorld) -> None:
    await world.survey("乙")
    await world.ask()
    citizen_id = await world.room.write("退订", who="甲")
    await world.room.turns(citizen_id)
    survey_id = await world.survey("甲", "乙", "丙")
    await world.ask()
    assert await world.recipients(survey_id) == [
        ("passed_over", "opted_out"),
        ("passed_over", "asked_lately"),
        ASKED,
    ]


async def test_a_week_later_they_may_be_asked_again(world: SurveyWorld) -> None:
    await world.survey("甲")
    await world.ask()
    world.days_pass(7.1)
    survey_id = await world.survey("甲")
    await world.ask()
    assert await world.recipients(survey_id) == [ASKED]


async def test_at_night_they_are_kept_waiting(world: SurveyWorld) -> None:
    survey_id = await world.survey("甲")
    world.clock.pass_(14 * 3600)  # 23:00 in Shanghai
    await world.ask()
    assert await world.recipients(survey_id) == [WAITING]
    world.clock.pass_(10 * 3600)
    await world.ask()
    assert await world.recipients(survey_id) == [ASKED]


async def test_no_more_than_a_few_seconds_worth_is_under_way(world: SurveyWorld) -> None:
    survey_id = await world.survey(*(f"号{n}" for n in range(20)))
    pusher = world.another_pusher(town=2.0)
    for _ in range(3):
        await pusher.push()
        while await world.push_turns.take():
            pass
    assert (await world.recipients(survey_id)).count(ASKED) == 6
    async with world.database.write() as connection:
        await connection.execute(update(outbox_table).values(state="sent"))
    await pusher.push()
    assert (await world.recipients(survey_id)).count(ASKED) == 12


async def test_two_pushers_and_two_surveys_at_once_ask_nobody_twice(world: SurveyWorld) -> None:
    names = [f"号{n}" for n in range(30)]
    first, second = await world.survey(*names), await world.survey(*names)
    pushers = [world.another_pusher(town=100.0) for _ in range(3)]
    for _ in range(4):
        await asyncio.gather(*(pusher.push() for pusher in pushers))
    await asyncio.gather(world.push_turns.take(), world.push_turns.take())
    while await world.push_turns.take():
        pass
    asked = [await world.recipients(each) for each in (first, second)]
    assert sum(states.count(ASKED) for states in asked) == 30
    assert len(await world.pushes()) == 30


async def test_a_survey_ends_with_its_time(world: SurveyWorld) -> None:
    survey_id = await world.survey("甲", "乙", closes_at=world.clock.now() + timedelta(hours=1))
    world.clock.pass_(3601)
    await world.ask()
    assert await world.recipients(survey_id) == [WAITING, WAITING]
    async with world.database.read() as connection:
        row = (await connection.execute(select(survey.c.state, survey.c.closed_at))).one()
    assert (row.state, row.closed_at) == ("closed", world.clock.now())


async def test_closed_between_asking_and_saying_they_were_not_asked(world: SurveyWorld) -> None:
    survey_id = await world.survey("甲")
    await world.push()
    async with world.database.write() as connection:
        await connection.execute(update(survey).values(state="closed"))
    assert await world.push_turns.take() == 1
    assert await world.recipients(survey_id) == [WAITING]
    assert await world.pushes() == []
    # The conversation goes on: its turns are numbered by the fence.
    await world.room.turns(await world.room.write("你好", who="甲"))
    assert await world.room.said() == ["greet"]


async def test_a_petition_under_way_comes_first_and_then_the_question(world: SurveyWorld) -> None:
    citizen_id = await world.room.write("路灯坏了", who="甲")
    world.room.bot.answer = lambda _: {**_says("ask_place"), "busy": True}
    await world.room.turns(citizen_id)
    await world.survey("甲", "乙")
    await world.ask()
    assert len(await world.pushes()) == 1, "only the other one"
    assert await world.questions_waiting() == 1
    await world.room.write("不用了", who="甲")
    await world.ask()
    assert await world.questions_waiting() == 1, "what they wrote is read first"
    world.room.bot.answer = lambda _: _says("draft_dropped")
    await world.room.turns(citizen_id)
    await world.ask()
    assert len(await world.pushes()) == 2


async def test_many_waiting_questions_stand_in_no_citizen_s_way(world: SurveyWorld) -> None:
    from backend.conversation import turns

    await world.survey(*(f"号{n}" for n in range(40)))
    await world.push()
    citizen_id = await world.room.write("你好", who="甲")
    async with world.database.read() as connection:
        waiting = await turns.waiting_citizens(connection, world.clock.now(), 500)
    assert waiting == [citizen_id]


async def test_a_push_leaves_by_its_own_claim(world: SurveyWorld) -> None:
    await world.survey("甲")
    await world.ask()
    async with world.database.write() as connection:
        town = (await load_accounts(connection))["town"]
        assert await outbox.claim_due(connection, [town.id], "me", world.clock.now(), 10) == []
        rows = await outbox.claim_pushes(connection, town.id, "me", world.clock.now(), 10)
    assert [row.external_id for row in rows] == ["甲"]


def _says(key: str) -> dict[str, object]:
    from tests.conversation.room import says

    return says(key)


async def test_nobody_is_asked_more_often_on_one_day_than_allowed(world: SurveyWorld) -> None:
    world.pusher = SurveyPusher(
        world.database, world.clock, {}, quiet=QuietHours(), gap=timedelta(0), daily_cap=2
    )
    for _ in range(2):
        assert await world.recipients(await _asked_about_another(world)) == [ASKED]
    too_many = await _asked_about_another(world)
    assert await world.recipients(too_many) == [("passed_over", "enough_today")]
    world.days_pass(1)
    assert await world.recipients(await _asked_about_another(world)) == [ASKED]


async def _asked_about_another(world: SurveyWorld) -> int:
    survey_id = await world.survey("甲")
    await world.ask()
    return survey_id
