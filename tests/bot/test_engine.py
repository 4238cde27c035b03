"""The turn as a function: what it answers, what it keeps (nothing), how it fails."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.action_runner import InProcessActions
from bot.engine import Engine, TurnFailed
from bot.turn_request import SCHEMA_FOLDER, BadTurnRequest, decode_turn_request
from tests.bot.turns import converse, turn_body, turn_request

RESPONSE = jsonschema.Draft7Validator(
    json.loads((SCHEMA_FOLDER / "turn_response.schema.json").read_text(encoding="utf-8"))
)
PLACE = {"entity": "place", "value": "锦绣小区3号楼", "start": 0, "end": 7}
MATTER = "锦绣小区3号楼下水道堵了一个月没人管"


@pytest.mark.parametrize("seed", range(100, 108))
async def test_every_response_is_what_the_schema_says(engine: Engine, seed: int) -> None:
    for _, response in await converse(engine, seed, 25):
        RESPONSE.validate(response)
        ids = [effect["id"] for effect in response["effects"]]
        assert len(set(ids)) == len(ids)
        wanted = {reply["from_effect"] for reply in response["replies"] if "from_effect" in reply}
        assert wanted <= set(ids)


async def test_same_request_same_response(engine: Engine) -> None:
    for body, response in await converse(engine, 7, 15):
        again = await engine.turn(decode_turn_request(json.dumps(body).encode()))
        assert json.loads(json.dumps(again)) == response


async def test_turns_at_once_do_not_touch_each_other(engine: Engine) -> None:
    alone = [await converse(engine, seed, 8) for seed in range(200, 206)]
    together = await asyncio.gather(*(converse(engine, seed, 8) for seed in range(200, 206)))
    assert together == alone


async def test_busy_while_a_petition_is_under_way(engine: Engine) -> None:
    raised = await engine.turn(turn_request(MATTER, entities=[PLACE]))
    assert raised["busy"]
    filed = await engine.turn(turn_request("1", choice="/affirm", state=raised["state"]))
    assert not filed["busy"]
    assert [effect["type"] for effect in filed["effects"]] == ["file_petition"]


async def test_long_conversation_keeps_a_small_state(engine: Engine) -> None:
    played = await converse(engine, 11, 150)
    sizes = [len(json.dumps(response["state"])) for _, response in played]
    assert max(sizes) < 40_000
    events = [len(response["state"]["events"]) for _, response in played]
    assert max(events) < 60


async def test_reading_tells_intent_and_runners_up(engine: Engine) -> None:
    reading = (await engine.turn(turn_request("你好")))["reading"]
    assert reading["intent"] == "greet"
    assert reading["confidence"] > 0.7
    confidences = [one["confidence"] for one in reading["ranking"]]
    assert confidences == sorted(confidences, reverse=True)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(alphabet=st.characters(), max_size=300))
def test_any_text_is_answered(engine: Engine, text: str) -> None:
    request = decode_turn_request(json.dumps(turn_body(text)).encode())
    response = asyncio.run(engine.turn(request))
    RESPONSE.validate(json.loads(json.dumps(response)))


@pytest.mark.parametrize(
    "text", ["好" * 2000, "a" * 2000, "😀" * 2000, "\0", "\ud800", "  ", "/", "12" * 1000, "\u202e"]
)
async def test_odd_texts_are_answered(engine: Engine, text: str) -> None:
    response = await engine.turn(decode_turn_request(json.dumps(turn_body(text)).encode()))
    RESPONSE.validate(response)
    assert response["replies"]


async def test_state_of_another_making_is_refused(engine: Engine) -> None:
    with pytest.raises(BadTurnRequest, match=r"body\.state"):
        await engine.turn(turn_request(state={"v": 1, "slots": 3}))


async def test_a_failing_action_fails_the_turn(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("the citizen's words")

    actions: dict[str, Any] = engine._actions._executor.actions
    monkeypatch.setitem(actions, "petition_form", broken)
    with pytest.raises(TurnFailed, match="petition_form: KeyError") as failure:
        await engine.turn(turn_request(MATTER, entities=[PLACE]))
    assert "words" not in str(failure.value)
    assert not list(await engine._store.keys())


async def test_what_is_no_reply_fails_the_turn(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        dispatcher.utter_message(json_message={"surprise": 1})
        return []

    actions: dict[str, Any] = engine._actions._executor.actions
    monkeypatch.setitem(actions, "petition_form", odd)
    with pytest.raises(TurnFailed, match="neither reply nor effect"):
        await engine.turn(turn_request(MATTER, entities=[PLACE]))


async def test_an_action_cannot_change_what_it_was_given(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = await engine.turn(turn_request(MATTER, entities=[PLACE]))

    def meddling(dispatcher: Any, tracker: Any, domain: Any) -> list[Any]:
        tracker.slots["draft"]["words"].append("made up")
        tracker.events.clear()
        return []

    actions: dict[str, Any] = engine._actions._executor.actions
    monkeypatch.setitem(actions, "petition_form", meddling)
    after = await engine.make_turn(turn_request("对", state=raised["state"]))
    assert after.tracker.get_slot("draft")["words"] == [MATTER]


def test_a_domain_whose_actions_nobody_defines_is_refused(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InProcessActions, "names", frozenset({"petition_form"}))
    with pytest.raises(ValueError, match="action_continue"):
        Engine(model)
