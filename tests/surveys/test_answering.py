"""Answers are recorded once, with the citizen's own words, and lead to the next question."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from backend.conversation.tables import outbox
from backend.surveys.tables import survey
from tests.conversation.room import says
from tests.surveys.opened import OPTIONS
from tests.surveys.survey_world import SurveyWorld


@pytest.fixture
async def asked(world: SurveyWorld) -> SurveyWorld:
    """The question has reached 甲."""
    await world.survey("甲")
    await world.ask()
    await sent(world)
    return world


async def sent(world: SurveyWorld, state: str = "sent") -> None:
    async with world.database.write() as connection:
        await connection.execute(update(outbox).values(state=state))


async def write(world: SurveyWorld, text: str, effect: dict[str, Any] | None = None) -> Any:
    """What the bot was told of the survey; it answers with the effect."""
    effects = [{"id": "e1", **effect}] if effect else []
    world.room.bot.answer = lambda _: says(*([] if effect else ["greet"]), effects=effects)
    await world.room.turns(await world.room.write(text, who="甲"))
    return world.room.bot.asked[-1]


def answer(**fields: Any) -> dict[str, Any]:
    return {"type": "answer_survey", "survey": 1, **fields}


async def test_the_bot_is_told_the_open_question(asked: SurveyWorld) -> None:
    request = await write(asked, "２")
    assert request["context"]["survey"] == {
        "id": 1,
        "position": 1,
        "total": 2,
        "type": "single",
        "options": OPTIONS,
        "lowest": None,
        "highest": None,
        "unit": "",
        "open": True,
        "shown": True,
    }
    assert request["message"]["choice"].startswith('/choose{"survey": 1')


async def test_without_a_survey_it_is_told_none(world: SurveyWorld) -> None:
    assert (await write(world, "你好"))["context"]["survey"] is None


async def test_answered_to_the_end(asked: SurveyWorld) -> None:
    await write(asked, "２", answer(position=1, option=1))
    assert "最希望先办哪一件事" in await asked.last_said()
    assert await asked.recipients(1) == [("answering", None)]
    request = await write(asked, "修路！\n谢谢", answer(position=2, in_words=True))
    assert request["context"]["survey"]["type"] == "text"
    assert request["context"]["survey"]["shown"]
    assert "都答完了" in await asked.last_said()
    assert await asked.recipients(1) == [("completed", None)]
    first, second = await asked.answers()
    assert (first.option, first.words) == (1, "２")
    assert (second.text, second.words) == ("修路！\n谢谢", "修路！\n谢谢")
    assert first.turn_id is not None
    assert (await write(asked, "你好"))["context"]["survey"] is None


async def test_an_option_of_an_older_question_changes_nothing(asked: SurveyWorld) -> None:
    await write(asked, "1", answer(position=1, option=0))
    await write(asked, "3", answer(position=1, option=2))
    assert [row.option for row in await asked.answers()] == [0]
    assert "最希望先办哪一件事" in await asked.last_said()


async def test_going_back_asks_the_question_before_and_its_new_answer_counts(
    asked: SurveyWorld,
) -> None:
    back = {"type": "ask_survey", "survey": 1, "resumed": False, "back": True}
    await write(asked, "2", answer(position=1, option=1))
    assert (await write(asked, "上一题", back))["context"]["survey"]["position"] == 2
    assert (await write(asked, "1", answer(position=1, option=0)))["context"]["survey"] == (
        asked.room.bot.asked[0]["context"]["survey"]
    )
    first, *others = await asked.answers()
    assert (first.option, first.words, others) == (0, "1", [])


async def test_there_is_nothing_before_the_first_question(asked: SurveyWorld) -> None:
    await write(
        asked, "上一题", {"type": "ask_survey", "survey": 1, "resumed": False, "back": True}
    )
    request = await write(asked, "2", answer(position=1, option=1))
    assert request["context"]["survey"]["position"] == 1


async def test_more_of_an_answer_is_added_to_it(asked: SurveyWorld) -> None:
    await write(asked, "1", answer(position=1, option=0))
    await write(asked, "修路", answer(position=2, in_words=True))
    await write(asked, "还有桥", answer(position=2, in_words=True, more=True))
    assert (await asked.answers())[1].text == "修路\n还有桥"


async def test_skipped_and_declined(asked: SurveyWorld) -> None:
    await write(asked, "跳过", answer(position=1, skipped=True))
    await write(asked, "不答了", {"type": "decline_survey", "survey": 1})
    assert [row.skipped for row in await asked.answers()] == [True]
    assert await asked.recipients(1) == [("declined", None)]


async def test_opting_out_ends_it_by_rule_with_the_bot_down(asked: SurveyWorld) -> None:
    asked.room.bot.down = True
    await asked.room.turns(await asked.room.write("T", who="甲"))
    assert await asked.recipients(1) == [("declined", None)]
    assert "不再给您发" in await asked.last_said()


async def test_a_closed_survey_gets_a_kind_word_once(asked: SurveyWorld) -> None:
    async with asked.database.write() as connection:
        await connection.execute(update(survey).values(state="closed"))
    request = await write(asked, "1", answer(position=1, option=0))
    assert request["context"]["survey"]["open"] is False
    assert "已经结束" in await asked.last_said()
    assert await asked.answers() == []
    assert (await write(asked, "1"))["context"]["survey"] is None


async def test_asked_again_it_is_the_prompt(asked: SurveyWorld) -> None:
    asked.days_pass(3)
    request = await write(asked, "2", {"type": "ask_survey", "survey": 1, "resumed": True})
    assert request["context"]["survey"]["shown"] is False
    assert request["message"]["choice"] is None
    assert "还有2题" in await asked.last_said()
    assert (await write(asked, "2"))["context"]["survey"]["shown"] is True


async def test_what_never_left_is_asked_at_the_next_contact_instead(world: SurveyWorld) -> None:
    await world.survey("甲")
    await world.ask()
    await sent(world, "kept")
    request = await write(world, "2", {"type": "ask_survey", "survey": 1, "resumed": True})
    assert request["context"]["survey"]["shown"] is False
    assert request["context"]["prompt"] is None
    assert "想听听您的看法" in await world.last_said(), "the invitation, for they have not seen it"
    async with world.database.read() as connection:
        states = [
            row[0]
            for row in await connection.exec_driver_sql(
                "SELECT state FROM outbox WHERE lane = 'push'"
            )
        ]
    assert states == ["failed"]


async def test_what_never_left_is_not_said_after_the_end(world: SurveyWorld) -> None:
    await world.survey("甲")
    await world.ask()
    await sent(world, "kept")
    async with world.database.write() as connection:
        await connection.execute(update(survey).values(state="closed"))
    request = await write(world, "你好")
    assert request["context"]["survey"] is None
    async with world.database.read() as connection:
        states = [
            row[0]
            for row in await connection.exec_driver_sql(
                "SELECT state FROM outbox WHERE lane = 'push'"
            )
        ]
    assert states == ["kept"]


async def test_a_number_is_kept_with_its_fraction(asked: SurveyWorld) -> None:
    await write(asked, "三块五", answer(position=1, number=3.5))
    (row,) = await asked.answers()
    assert float(row.number) == 3.5
    assert row.option is None
