"""What stands in Rasa's places answers as Rasa does (see also test_equal_to_stock.py)."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction

from bot.engine import Engine
from bot.patches import prepare_action_result_check

SCHEMA = RemoteAction.action_response_format_spec()
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
plainly_valid = prepare_action_result_check()

EVENT_NAMES = [
    kind["properties"]["event"]["const"]
    for kind in SCHEMA["properties"]["events"]["items"]["oneOf"]
]
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just({"a": [1]})
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from([*EVENT_NAMES, "made_up"]) | VALUES},
    optional={
        "name": VALUES,
        "value": VALUES,
        "timestamp": VALUES,
        "metadata": VALUES,
        "entities": st.just([]) | VALUES,
        "text": VALUES,
        "parse_data": VALUES,
        "policy": VALUES,
        "is_interrupted": VALUES,
    },
)
RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "events": st.lists(EVENTS | VALUES, max_size=3) | VALUES,
        "responses": st.lists(VALUES, max_size=2) | VALUES,
        "other": VALUES,
    },
)


@settings(max_examples=1500, deadline=None)
@given(RESULTS | VALUES)
def test_accepts_nothing_that_rasa_refuses(result: Any) -> None:
    if plainly_valid(result):
        assert VALIDATOR.is_valid(result)


def test_accepts_what_actions_return() -> None:
    events = [
        {"event": "slot", "name": "draft", "value": {"a": 1}, "timestamp": None},
        {"event": "active_loop", "name": None, "timestamp": None},
        {"event": "followup", "name": "action_listen", "timestamp": None},
    ]
    result = {"events": events, "responses": [{"custom": {"reply": {"key": "x"}}}]}
    assert plainly_valid(result)
    assert VALIDATOR.is_valid(result)


def test_what_rasa_refuses_is_refused_with_its_error(engine: Engine) -> None:
    with pytest.raises(jsonschema.ValidationError, match="Failed to validate Action server"):
        RemoteAction("action_x", None)._validate_action_result({"events": [{"event": "slot"}]})
