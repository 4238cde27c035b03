"""Where a turn's intent comes from, and where it never comes from."""

from __future__ import annotations

from typing import Any

import pytest

from bot.reading import citizen_text, read_turn
from bot.turn_request import BadTurnRequest
from tests.bot.turns import turn_request

INTENTS = frozenset({"affirm", "choose", "greet", "restart", "send_media", "send_location"})


def _pipeline(text: str) -> dict[str, Any]:
    named = {"name": "read_by_pipeline", "confidence": 0.5}
    return {"intent": named, "intent_ranking": [named], "entities": [{"entity": "x"}]}


def _intent(text: str = "", **message: Any) -> Any:
    read = read_turn(turn_request(text, **message), _pipeline, INTENTS)
    return read["intent"]["name"]


@pytest.mark.parametrize("text", ["/restart", "/affirm", "//restart", " / restart", "／affirm{}"])
def test_a_citizen_cannot_name_an_intent(text: str) -> None:
    read = read_turn(turn_request(text), _pipeline, INTENTS)
    assert read["intent"]["name"] == "read_by_pipeline"
    assert not read["text"].startswith(("/", "／"))


def _unsure(*readings: str) -> Any:
    ranking = [{"name": name, "confidence": 0.3} for name in ("nlu_fallback", *readings)]
    return lambda text: {"intent": ranking[0], "intent_ranking": ranking}


@pytest.mark.parametrize(
    ("readings", "petition", "intent"),
    [
        (("raise_petition", "abuse"), 0.95, "raise_petition"),
        (("remind", "raise_petition"), 0.95, "raise_petition"),
        (("remind", "raise_petition"), 0.6, "nlu_fallback"),
        (("remind", "help", "raise_petition"), 0.95, "nlu_fallback"),
        ((), 0.95, "nlu_fallback"),
    ],
)
def test_what_the_app_reads_as_a_petition_outranks_being_unsure(
    readings: tuple[str, ...], petition: float, intent: str
) -> None:
    request = turn_request("到底修不修", context={"petition": petition})
    read = read_turn(request, _unsure(*readings), INTENTS)
    assert read["intent"]["name"] == intent
    assert [one["name"] for one in read["intent_ranking"]] == ["nlu_fallback", *readings]


def test_it_does_not_outrank_a_sure_reading() -> None:
    request = turn_request("怎么还没人来修", context={"petition": 0.99})
    read = read_turn(request, _pipeline, INTENTS)
    assert read["intent"]["name"] == "read_by_pipeline"


def test_slash_within_a_text_stays() -> None:
    assert citizen_text(" 3/4号楼 ") == "3/4号楼"


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ({"kind": "image", "media": 1}, "send_media"),
        ({"kind": "voice", "media": 1}, "send_media"),
        ({"kind": "video", "media": 1}, "send_media"),
        ({"kind": "location"}, "send_location"),
        ({"kind": "event", "event": "subscribe"}, "greet_new"),
        ({"kind": "event", "event": "other"}, "nlu_fallback"),
        ({"kind": "internal", "internal": {"type": "ask_rating"}}, "internal_ask_rating"),
        ({"kind": "text"}, "nlu_fallback"),
        ({"text": "/"}, "nlu_fallback"),
        ({"kind": "voice", "media": 1, "text": "路灯坏了"}, "read_by_pipeline"),
        ({"kind": "image", "media": 1, "text": "路灯坏了"}, "read_by_pipeline"),
        ({"text": "1", "choice": "/affirm"}, "affirm"),
        ({"text": "1", "choice": '/choose{"field":"place"}'}, "choose"),
    ],
)
def test_intent(message: dict[str, Any], intent: str) -> None:
    assert _intent(**message) == intent


@pytest.mark.parametrize(
    "choice", ["", "affirm", "/unheard_of", "/affirm extra", "/choose{", '/choose{"a":}', "/Affirm"]
)
def test_a_choice_that_no_prompt_offered_is_refused(choice: str) -> None:
    with pytest.raises(BadTurnRequest, match=r"body\.message\.choice"):
        _intent("1", choice=choice)


def test_an_internal_message_says_what_it_wants() -> None:
    with pytest.raises(BadTurnRequest, match=r"body\.message\.internal"):
        _intent(kind="internal")


def test_entities_are_the_apps_alone() -> None:
    place = {"entity": "place", "value": "人民路", "start": 0, "end": 3, "code": None}
    read = read_turn(turn_request("人民路路灯坏了", entities=[place]), _pipeline, INTENTS)
    assert read["entities"] == [place]
