"""A message tried out is read and answered as in service, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from backend.conversation.tables import message, outbox, turn
from backend.conversation.trial import Trial
from backend.database.engine import Database
from backend.petitions.tables import petition
from tests.conversation.conftest import HandClock
from tests.conversation.room import ScriptedBot, petition_rules, readings, says, texts

TEXT = "锦绣小区的垃圾堆了半个月没人清运，臭得很"


@pytest.fixture
def bot() -> ScriptedBot:
    return ScriptedBot()


@pytest.fixture
def trial(bot: ScriptedBot, clock: HandClock) -> Trial:
    return Trial(bot, readings(), texts(), petition_rules(), clock)  # type: ignore[arg-type]


async def test_words_are_read_and_the_bot_s_answer_is_shown(
    trial: Trial, bot: ScriptedBot, database: Database
) -> None:
    options = [{"label": "对", "payload": "/yes"}, {"label": "不对", "payload": "/no"}]

    def answer(_request: dict[str, Any]) -> dict[str, Any]:
        return says("media_kept", "ask_place", prompt=options)

    bot.answer = answer
    found = await trial.words(TEXT)
    assert found["said"].startswith("照片收到了")
    assert found["said"].endswith("1 对\n2 不对")
    assert (found["domain"], found["place_code"]) == ("sanitation", "990101101003")
    assert found["office"] == "chengguan_enforcement"
    [asked] = bot.asked
    assert asked["state"] is None
    assert asked["message"]["text"] == TEXT.replace("，", ",")
    assert [one["value"] for one in asked["entities"] if one["entity"] == "place"]
    async with database.read() as connection:
        for table in (message, turn, outbox, petition):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


async def test_without_a_bot_the_reading_is_still_there(trial: Trial, bot: ScriptedBot) -> None:
    bot.down = True
    found = await trial.words(TEXT)
    assert (found["said"], found["domain"]) == (None, "sanitation")


async def test_an_emergency_is_answered_by_its_rule(trial: Trial, bot: ScriptedBot) -> None:
    found = await trial.words("救命！隔壁着火了，火很大")
    assert "119" in found["said"]
    assert found["urgency"] == "emergency"
    assert bot.asked == []


@pytest.mark.parametrize("words", ["退订", "恢复接收", "重发"])
async def test_what_a_rule_answers_needs_no_bot(trial: Trial, bot: ScriptedBot, words: str) -> None:
    assert (await trial.words(words))["said"]
    assert bot.asked == []
