"""The actions as Rasa calls them: slots in, events and messages out."""

from __future__ import annotations

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.rasa_actions import (
    ActionAskRating,
    ActionContinue,
    ActionHandOver,
    ActionRemind,
    ActionShowProgress,
    DialogueAction,
    PetitionForm,
)
from tests.actions.told import tracker

PLACE = {"place": "锦绣小区"}
RESOLVED = {"number": "20261120-0001-3", "title": "路灯不亮", "state": "resolved"}
OPEN = {**RESOLVED, "state": "dispatched"}


def run(
    action: DialogueAction, state: Tracker
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(messages, events)"""
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, state, {})
    return [message["custom"] for message in dispatcher.messages], list(events)


def test_the_form_opens_keeps_the_draft_and_asks() -> None:
    messages, events = run(
        PetitionForm(), tracker("raise_petition", "电梯坏了三天", entities=PLACE)
    )
    assert [message["reply"]["key"] for message in messages] == ["confirm_petition"]
    assert {"event": "active_loop", "name": "petition_form", "timestamp": None} in events
    (slot,) = [event for event in events if event["event"] == "slot"]
    assert (slot["name"], slot["value"]["words"]) == ("draft", ["电梯坏了三天"])


def test_the_form_closes_when_filed() -> None:
    draft = {"stage": "confirm", "words": ["电梯坏了"], "messages": [1], "place": "锦绣小区"}
    messages, events = run(PetitionForm(), tracker("affirm", "对", draft=draft))
    assert messages[0] == {"from_effect": "file_petition_1"}
    assert messages[-1]["effect"]["type"] == "file_petition"
    assert {"event": "active_loop", "name": None, "timestamp": None} in events
    assert {event["name"]: event.get("value") for event in events}["draft"] is None


def test_an_answer_given_instead_of_a_petition_leaves_the_form_closed() -> None:
    waiting = {"for": "comment", "number": RESOLVED["number"], "level": 1}
    messages, events = run(
        PetitionForm(),
        tracker("raise_petition", "灯还是不亮", awaiting=waiting, petitions=[RESOLVED]),
    )
    assert messages[-1]["effect"]["type"] == "add_to_petition"
    assert not [event for event in events if event["event"] == "active_loop"]


def test_a_photo_without_a_petition_is_handed_to_the_form() -> None:
    messages, events = run(ActionContinue(), tracker("send_media", kind="image", media=1))
    assert messages == []
    assert events == [{"event": "active_loop", "name": "petition_form", "timestamp": None}]


@pytest.mark.parametrize("hours", [1, 3])
def test_a_photo_belongs_to_what_was_filed_for_two_hours(hours: int) -> None:
    waiting = {"for": "addition", "since": "2026-11-23T08:00:00+08:00"}
    messages, _ = run(
        ActionContinue(),
        tracker(
            "send_media",
            kind="image",
            media=1,
            awaiting=waiting,
            petitions=[OPEN],
            now=f"2026-11-23T{8 + hours:02}:00:00+08:00",
        ),
    )
    assert bool(messages) is (hours < 2)


def test_the_rating_question_and_its_answers() -> None:
    messages, events = run(
        ActionAskRating(),
        tracker(
            "internal_ask_rating",
            kind="internal",
            internal={"type": "ask_rating", "number": RESOLVED["number"]},
            petitions=[RESOLVED],
        ),
    )
    options = messages[0]["reply"]["prompt"]["options"]
    assert [option["label"] for option in options] == [
        "非常不满意", "不满意", "基本满意", "满意", "非常满意",
    ]  # fmt: skip
    for level, option in enumerate(options, 1):
        messages, after = run(
            ActionContinue(),
            tracker(
                "rate",
                str(level),
                choice=option["payload"],
                awaiting=events[0]["value"],
                petitions=[RESOLVED],
            ),
        )
        effect = next(one["effect"] for one in messages if "effect" in one)
        assert (effect["number"], effect["level"]) == (RESOLVED["number"], level)
        asked_why = any("reply" in one for one in messages)
        assert asked_why is (level <= 2)
        assert after[0]["value"] is None or level <= 2


def test_a_choice_of_an_old_rating_question_rates_that_petition() -> None:
    messages, _ = run(
        ActionContinue(),
        tracker("rate", "4", choice='/rate{"level":4,"number":"20261101-0009-2"}'),
    )
    assert messages[-1]["effect"]["number"] == "20261101-0009-2"


def test_anothers_petition_is_not_reminded_of() -> None:
    messages, _ = run(
        ActionRemind(),
        tracker(
            "remind", "催一下", entities={"petition_number": "20261101-0009-2"}, petitions=[OPEN]
        ),
    )
    assert [message["reply"]["key"] for message in messages] == ["progress_not_found"]


def test_the_phones_end_named_at_once_is_used_at_once() -> None:
    messages, events = run(
        ActionShowProgress(),
        tracker(
            "check_progress",
            "查20261101-0009-2,手机尾号1234",
            entities={"petition_number": "20261101-0009-2"},
        ),
    )
    assert messages[-1]["effect"]["phone_tail"] == "1234"
    assert events == []


def test_what_was_said_goes_with_the_citizen_to_the_human() -> None:
    messages, _ = run(ActionHandOver(), tracker("ask_human", "转人工", ids=[5]))
    assert messages[-1]["effect"]["messages"] == [5]
    assert messages[0] == {"from_effect": messages[-1]["effect"]["id"]}
