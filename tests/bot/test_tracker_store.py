"""The state a turn gives back: whole, bounded, JSON; and what is made of any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.tracker_store import KEPT_TURNS, InvalidState, decode_state, encode_state
from tests.bot.comparison import what_happened
from tests.bot.turns import ROOT

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet", "raise"],
        "slots": {
            "draft": {"type": "any", "mappings": [{"type": "custom"}]},
            "count": {"type": "any", "initial_value": 7, "mappings": [{"type": "custom"}]},
        },
        "forms": {"form": {"required_slots": []}},
        "actions": ["action_x"],
    }
)


def _tracker(events: list[Event]) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("s", events, DOMAIN.slots, domain=DOMAIN)


def _said(text: str) -> UserUttered:
    return UserUttered(text, {"name": "greet", "confidence": 0.9}, metadata={"now": "…"})


def _turn(text: str, *events: Event) -> list[Event]:
    return [_said(text), ActionExecuted("action_x"), *events, ActionExecuted("action_listen")]


BEGINNING: list[Event] = [
    ActionExecuted("action_session_start"),
    SessionStarted(),
    SlotSet("session_started_metadata", {"private": "…"}),
    ActionExecuted("action_listen"),
]


def _carried(tracker: DialogueStateTracker) -> DialogueStateTracker:
    return decode_state(json.loads(json.dumps(encode_state(tracker))), "s", DOMAIN)


def test_short_conversation_comes_back_whole() -> None:
    tracker = _tracker([*BEGINNING, *_turn("a", SlotSet("draft", {"words": ["路灯"]}))])
    back = _carried(tracker)
    kept = [e for e in tracker.events if not isinstance(e, SessionStarted)]
    kept = [e for e in kept if not (isinstance(e, SlotSet) and e.key.startswith("session"))]
    assert list(back.events) == kept
    assert back.get_slot("draft") == {"words": ["路灯"]}


def test_older_turns_are_folded_into_slots_and_loop() -> None:
    events = [
        *BEGINNING,
        *_turn("a", SlotSet("draft", {"n": 1}), SlotSet("count", None), ActiveLoop("form")),
    ]
    for number in range(20):
        events += _turn(f"t{number}", BotUttered("x", metadata={"utter_action": "utter_x"}))
    back = _carried(_tracker(events))
    users = [e for e in back.events if isinstance(e, UserUttered)]
    assert [e.text for e in users] == [f"t{n}" for n in range(20 - KEPT_TURNS, 20)]
    assert back.get_slot("draft") == {"n": 1}
    assert back.get_slot("count") is None
    assert back.active_loop_name == "form"
    assert back.latest_action_name == "action_listen"


def test_size_does_not_grow_with_the_conversation() -> None:
    tracker = _tracker(BEGINNING)
    sizes = []
    for number in range(120):
        for event in _turn("一样长的话", SlotSet("draft", {"n": number % 10})):
            tracker.update(event, DOMAIN)
        state = json.dumps(encode_state(tracker))
        sizes.append(len(state))
        tracker = decode_state(json.loads(state), "s", DOMAIN)
    assert max(sizes[KEPT_TURNS + 2 :]) <= min(sizes[KEPT_TURNS + 2 :])


def test_no_rule_looks_back_further_than_what_is_kept() -> None:
    rules = yaml.safe_load((ROOT / "bot/rules.yml").read_text(encoding="utf-8"))["rules"]
    for rule in rules:
        messages = sum("intent" in step or "user" in step for step in rule["steps"])
        assert messages <= KEPT_TURNS + 1, rule["rule"]
        assert not rule.get("conversation_start"), "a folded conversation has no start"
    config = yaml.safe_load((ROOT / "bot/config.yml").read_text(encoding="utf-8"))
    assert [policy["name"] for policy in config["policies"]] == ["RulePolicy"]


def test_an_interrupted_loop_stays_interrupted() -> None:
    rejected = [*_turn("a", ActiveLoop("form")), ActionExecutionRejected("form")]
    events = [*BEGINNING, *rejected]
    for number in range(KEPT_TURNS + 1):
        events += _turn(f"t{number}")
    tracker = _tracker(events)
    loop, back = tracker.active_loop, _carried(tracker).active_loop
    assert loop is not None
    assert back is not None
    assert (back.name, back.rejected) == (loop.name, loop.rejected) == ("form", True)


def test_nothing_of_the_context_is_carried() -> None:
    state = json.dumps(encode_state(_tracker([*BEGINNING, *_turn("a")])))
    assert "metadata" not in state
    assert "private" not in state


def test_what_the_model_no_longer_has_is_left_out() -> None:
    events: list[dict[str, Any]] = [
        {"event": "action", "name": "action_listen"},
        {"event": "slot", "name": "gone", "value": 1},
        {"event": "active_loop", "name": "gone_form"},
    ]
    loop = {"name": "gone_form", "rejected": False, "interrupted": False}
    tracker = decode_state(
        {"v": 1, "slots": {"gone": 1, "draft": 2}, "loop": loop, "events": events}, "s", DOMAIN
    )
    assert tracker.get_slot("draft") == 2
    assert "gone" not in tracker.slots
    assert tracker.active_loop_name is None


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"v": 2},
        {"v": 1},
        {"v": 1, "slots": [], "loop": None, "events": []},
        {"v": 1, "slots": {}, "loop": "form", "events": []},
        {"v": 1, "slots": {}, "loop": None, "events": [{}]},
        {"v": 1, "slots": {}, "loop": None, "events": [{"event": "made_up"}]},
        {"v": 1, "slots": {}, "loop": None, "events": ["action_listen"]},
        {"v": 1, "slots": {}, "loop": None, "events": [{"event": "user", "parse_data": 3}]},
    ],
)
def test_a_state_we_never_gave_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(InvalidState):
        decode_state(state, "s", DOMAIN)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    SlotSet("draft", {"a": [1]}),
                    SlotSet("draft", None),
                    SlotSet("count", 3),
                    ActiveLoop("form"),
                    ActiveLoop(None),
                    BotUttered("x"),
                    ActionExecuted("form"),
                ]
            ),
            max_size=4,
        ),
        min_size=1,
        max_size=9,
    )
)
def test_any_conversation_is_the_same_after_the_round(turns: list[list[Event]]) -> None:
    whole, carried = _tracker(BEGINNING), _tracker(BEGINNING)
    for number, events in enumerate(turns):
        carried = _carried(carried)
        for event in _turn(f"t{number}", *events):
            whole.update(event, DOMAIN)
            carried.update(event, DOMAIN)
        assert what_happened(carried) == what_happened(whole)
