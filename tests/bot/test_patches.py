"""What stands in Rasa's places answers as Rasa does (see also test_equal_to_stock.py)."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import jsonschema
import pytest
import rasa.core.processor
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import SHOULD_NOT_BE_SET, RulePolicy

from bot.engine import Engine
from bot.patches import prepare_action_result_check
from bot.rule_index import RuleIndex

SCHEMA = RemoteAction.action_response_format_spec()
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
plainly_valid = prepare_action_result_check()
STOCK_POLICY = RulePolicy.__new__(RulePolicy)

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


STATES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "prev_action": st.fixed_dictionaries(
                {"action_name": st.sampled_from(["action_listen", "a", "b"])}
            ),
            "user": st.fixed_dictionaries(
                {},
                optional={
                    "intent": st.sampled_from(["greet", "thank"]),
                    "text": st.just("x"),
                    "entities": st.just(("place",)),
                },
            ),
            "active_loop": st.fixed_dictionaries({"name": st.sampled_from(["form", "other"])}),
            "slots": st.fixed_dictionaries({"s": st.just((1.0,))}),
        },
    ),
    max_size=4,
)
RULE_STATES = STATES | st.lists(
    st.fixed_dictionaries(
        {
            "prev_action": st.fixed_dictionaries(
                {"action_name": st.sampled_from(["action_listen", "a", SHOULD_NOT_BE_SET])}
            ),
            "active_loop": st.just({"name": SHOULD_NOT_BE_SET}),
        }
    ),
    max_size=3,
)


@settings(max_examples=1000, deadline=None)
@given(rules=st.lists(RULE_STATES, max_size=6), states=STATES)
def test_index_finds_the_rules_that_rasa_finds(
    rules: list[list[dict[str, Any]]], states: list[dict[str, Any]]
) -> None:
    keys = [json.dumps(rule) for rule in rules]
    expected = set(keys)
    for back, state in enumerate(reversed(states)):
        expected = {key for key in expected if STOCK_POLICY._is_rule_applicable(key, back, state)}
    assert RuleIndex(keys).applicable(states) == expected


def test_rasas_processor_copies_for_debug_lines_only() -> None:
    source = inspect.getsource(rasa.core.processor)
    uses = re.findall(r"\bcopy\.\w+", source)
    debug_lines = re.findall(r"structlogger\.debug\(.*?\n\s*\)\n", source, re.DOTALL)
    assert len(uses) == sum(line.count("copy.deepcopy(") for line in debug_lines) == 6
