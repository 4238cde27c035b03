"""Whole conversations through the engine: what citizens say against what they get."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine import Engine
from tests.bot.played import Player, golden_conversations, rendered, said

CONVERSATIONS = golden_conversations()
LARGEST_STATE = 20_000


def test_there_are_enough_conversations() -> None:
    assert len(CONVERSATIONS) >= 120


@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda one: one["name"])
async def test_golden_conversation(engine: Engine, conversation: dict[str, Any]) -> None:
    player = Player(
        engine,
        channel=conversation.get("channel", "wechat"),
        home_place=conversation.get("home"),
        petitions=conversation.get("petitions", []),
        survey=conversation.get("survey", []),
    )
    for position, turn in enumerate(conversation["turns"], 1):
        response = await player.play(turn)
        where = f"turn {position} ({turn.get('say', turn)}), read as {response['reading']}"
        assert said(response) == turn["expect"], where
        assert len(response["effects"]) == len(turn.get("effects", [])), where
        for effect, expected in zip(response["effects"], turn.get("effects", []), strict=True):
            assert {name: effect.get(name) for name in expected} == expected, where
        if "busy" in turn:
            assert response["busy"] is turn["busy"], where
        if "options" in turn:
            labels = [one["label"] for one in response["replies"][-1]["prompt"]["options"]]
            assert labels == turn["options"], where
        for words in turn.get("words", []):
            assert any(words in text for text in rendered(response)), where
        assert rendered(response) or response["effects"] or turn["expect"] == []


async def test_a_state_stays_small_however_long_a_citizen_talks(engine: Engine) -> None:
    player = Player(engine)
    await player.play({"say": "村口的路灯坏了好几天", "entities": {"place": "向阳村"}})
    largest = 0
    for i in range(60):
        response = await player.play({"say": f"补充第{i}点," + "晚上黑得很老人不敢出门" * 60})
        assert response["busy"]
        largest = max(largest, len(str(response["state"])))
    assert largest < LARGEST_STATE
    response = await player.play({"choose": 1})
    (effect,) = response["effects"]
    assert effect["text"].startswith("村口的路灯坏了好几天\n补充第0点")
    assert effect["messages"] == list(range(1, 62)), "messages past the limit are kept by id"
