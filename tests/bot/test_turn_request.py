"""What the front takes for a turn: exactly what the schema describes, whatever comes in."""

from __future__ import annotations

import copy
import json
import random
from contextlib import suppress
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.turn_request import (
    LARGEST_BODY,
    SCHEMA_FOLDER,
    BadTurnRequest,
    check_turn_request,
    decode_turn_request,
)
from tests.bot.turns import RandomCitizen, turn_body

SCHEMA = json.loads((SCHEMA_FOLDER / "turn_request.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
FULL = turn_body(
    "路灯坏了",
    entities=[
        {"entity": "place", "value": "人民路", "start": 0, "end": 3, "code": None, "date": None},
        {"entity": "office", "value": "教育局", "start": 3, "end": 6, "code": "education"},
        {"entity": "amount", "value": "200元", "start": 6, "end": 10},
        {"entity": "time", "value": "上周", "start": 10, "end": 12, "date": "2026-11-16"},
    ],
    context={
        "petitions": [{"number": "20261123-0001-1", "title": "路灯", "state": "received"}],
        "prompt": {"key": "confirm", "options": [{"label": "对", "payload": "/affirm"}]},
        "home_place": "河东村",
    },
    state={"v": 1, "slots": {}, "loop": None, "events": []},
    internal={"type": "ask_rating", "number": "20261123-0001-1"},
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, item in items:
        found.append((*path, name))
        if isinstance(item, (dict, list)):
            found.extend(_places(item, (*path, name)))
    return found


PLACES = [place for place in _places(FULL) if place[0] not in ("state", "now")]


def _accepted(body: Any) -> bool:
    try:
        check_turn_request(body)
    except BadTurnRequest:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    change=st.sampled_from(["replace", "remove", "add"]),
    value=JSON_VALUES,
    name=st.text(min_size=1, max_size=6),
)
def test_verdict_is_the_schemas(place: tuple[Any, ...], change: str, value: Any, name: str) -> None:
    body = copy.deepcopy(FULL)
    holder: Any = body
    for step in place[:-1]:
        holder = holder[step]
    if change == "replace":
        holder[place[-1]] = value
    elif change == "remove":
        del holder[place[-1]]
    elif isinstance(holder, dict):
        holder[name] = value
    else:
        holder.append(value)
    assert _accepted(body) == VALIDATOR.is_valid(body)


def test_random_citizens_send_valid_requests() -> None:
    citizen = RandomCitizen(1)
    for _ in range(50):
        assert _accepted(citizen.next_body(None))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_politely(body: bytes) -> None:
    with pytest.raises(BadTurnRequest):
        decode_turn_request(body)


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES)
def test_any_json_is_refused_politely(value: Any) -> None:
    with pytest.raises(BadTurnRequest):
        decode_turn_request(json.dumps(value).encode())


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(), cuts=st.integers(min_value=1, max_value=6))
def test_damaged_bodies_never_raise_anything_else(seed: int, cuts: int) -> None:
    body = bytearray(json.dumps(FULL, ensure_ascii=seed % 2 == 0).encode())
    chance = random.Random(seed)
    for _ in range(cuts):
        body[chance.randrange(len(body))] = chance.randrange(256)
    with suppress(BadTurnRequest):
        decode_turn_request(bytes(body))


def test_errors_do_not_repeat_what_was_said() -> None:
    with pytest.raises(BadTurnRequest) as refused:
        check_turn_request(turn_body("路灯坏了", ids=["路灯坏了"]))
    assert "路灯" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"schema": NaN}', "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b" " * (LARGEST_BODY + 1), "larger than"),
        (b"null", "body must be object"),
    ],
)
def test_says_what_is_wrong(body: bytes, reason: str) -> None:
    with pytest.raises(BadTurnRequest, match=reason):
        decode_turn_request(body)


@pytest.mark.parametrize(
    "now",
    ["", "yesterday", "2026-11-23T09:00:00", "2026-11-23T09:00:00Z", "2026-13-01T00:00+08:00"],
)
def test_time_must_have_an_offset_that_actions_can_read(now: str) -> None:
    with pytest.raises(BadTurnRequest, match=r"body\.now"):
        check_turn_request({**FULL, "now": now})


def test_what_utf8_cannot_carry_is_replaced() -> None:
    body = json.dumps(turn_body("路灯\ud800坏\0了😀", state={"v": 1, "\udfff": ["\ud83d"]}))
    request = decode_turn_request(body.encode())
    assert request.message["text"] == "路灯\ufffd坏\ufffd了😀"
    assert request.state == {"v": 1, "\ufffd": ["\ufffd"]}


def test_length_of_a_text_is_capped() -> None:
    assert _accepted(turn_body("长" * 2000))
    assert not _accepted(turn_body("长" * 100_000))
