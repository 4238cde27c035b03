"""Which of two offered things an answer means."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from actions.either_or import IN_A_ROW, POSSIBLE, ask, picked
from actions.outcome import Outcome
from actions.turn import Petition, Turn
from actions.words import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8)))
OPEN = Petition("26110011", "路灯不亮", "dispatched")
TURN = Turn(
    intent="nlu_fallback",
    likely="remind",
    text="到底修不修",
    kind="text",
    channel="wechat",
    now=NOW,
    ids=(1,),
    petitions=(OPEN,),
    readings=("remind", "start_petition", "check_progress"),
)


def _asked(turn: Turn, awaiting: dict[str, Any] | None = None) -> tuple[str, list[str], Any]:
    out = Outcome(awaiting=awaiting)
    ask(turn, out)
    (said,) = out.replies
    options = said["reply"].get("prompt", {}).get("options", [])
    return said["reply"]["key"], [one["payload"] for one in options], out.awaiting


def test_the_two_likeliest_are_offered_and_the_words_kept() -> None:
    key, payloads, awaiting = _asked(TURN)
    assert (key, payloads) == ("either_or", ["/remind", "/raise_petition"])
    assert (awaiting["text"], awaiting["messages"]) == ("到底修不修", [1])


@pytest.mark.parametrize(
    ("readings", "offered"),
    [
        (("start_petition", "raise_petition", "remind"), ["/raise_petition", "/remind"]),
        (("affirm", "abuse", "help", "ask_human"), ["/help", "/ask_human"]),
        (("rate", "opt_in", "help", "ask_privacy"), ["/help", "/ask_privacy"]),
    ],
)
def test_what_means_the_same_or_is_impossible_is_not_offered(
    readings: tuple[str, ...], offered: list[str]
) -> None:
    assert _asked(replace(TURN, readings=readings))[1] == offered


def test_one_meaning_alone_is_no_choice() -> None:
    assert _asked(replace(TURN, readings=("affirm", "help", "abuse")))[0] == "unsure"
    assert _asked(replace(TURN, readings=()))[0] == "unsure"


def test_never_twice_in_a_row() -> None:
    _, _, awaiting = _asked(TURN)
    keys = []
    for _ in range(3):
        key, _, awaiting = _asked(TURN, awaiting)
        keys.append(key)
    assert keys == ["unsure", "help_short", "help_short"]
    later = replace(TURN, now=NOW + IN_A_ROW + timedelta(minutes=1))
    assert _asked(later, awaiting)[0] == "either_or"


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ({"intent": "remind", "text": "", "chosen": {}}, "remind"),
        ({"intent": "remind", "text": "催一下"}, "remind"),
        ({"intent": "start_petition", "text": "要反映"}, "raise_petition"),
        ({"intent": "remind", "text": "催一下,都半个月了没有人来看过"}, None),
        ({"intent": "raise_petition", "text": "桥塌了", "entities": {"place": "桥头"}}, None),
        ({"intent": "raise_petition", "text": "", "media": 1}, None),
        ({"intent": "check_progress", "text": "查进度"}, None),
    ],
)
def test_an_answer_means_one_of_the_two_or_is_read_for_itself(
    answer: dict[str, Any], meant: str | None
) -> None:
    _, _, awaiting = _asked(TURN)
    assert picked(replace(TURN, **answer), awaiting) == meant


def test_nothing_was_asked() -> None:
    assert picked(replace(TURN, intent="remind", text="催"), None) is None
    assert picked(replace(TURN, intent="remind", text="催"), {"for": "rating"}) is None


def test_every_meaning_has_an_intent_and_words() -> None:
    meanings = words()["meanings"]
    assert set(POSSIBLE) <= set(meanings)
    assert set(words()["same_meaning"].values()) <= set(meanings)
