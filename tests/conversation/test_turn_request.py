"""The app's side of the turn contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from backend.conversation import prompts, turn_request
from backend.conversation.fragments import Waiting

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "bot" / "schema" / "turn_request.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PROMPT = {
    "key": "confirm_petition",
    "options": [
        {"label": "对，提交", "payload": "/affirm"},
        {"label": "改一下", "payload": "/correct"},
    ],
    "at": AT.isoformat(),
}


def message(text: str = "", *, kind: str = "text", detail: Any = None, number: int = 1) -> Waiting:
    media = 1 if kind in ("image", "voice", "video") else 0
    return Waiting(number, 1, 1, kind, text, detail, media, AT, None)


def request(*messages: Waiting, prompt: Any = None) -> dict[str, Any]:
    return turn_request.build(
        turn_id=7,
        channel="wechat",
        now=AT,
        state=None,
        messages=messages,
        text=turn_request.cleaned_text(messages, lambda sent: str(sent["label"])),
        entities=[],
        prompt=prompt,
        around=turn_request.Surroundings([], None, False),
    )


kinds = st.sampled_from(["text", "image", "voice", "video", "location"])


@given(
    st.lists(st.tuples(kinds, st.text(st.characters(codec=None), max_size=900)), min_size=1),
    st.none() | st.just(PROMPT),
)
def test_whatever_citizens_write_the_request_keeps_the_contract(
    shapes: list[tuple[str, str]], prompt: Any
) -> None:
    messages = [
        message(text, kind=kind, number=number) for number, (kind, text) in enumerate(shapes)
    ]
    VALIDATOR.validate(request(*messages, prompt=prompt))


def test_events_and_internal_messages_keep_it_too() -> None:
    event = message(kind="event", detail={"event": "subscribe", "key": ""})
    rating = message(kind="internal", detail={"type": "ask_rating", "number": "20261123-0007-3"})
    for each, part in ((event, "event"), (rating, "internal")):
        built = request(each)
        VALIDATOR.validate(built)
        assert built["message"][part]


def test_fragments_become_one_text_with_all_ids() -> None:
    built = request(message("你好", number=3), message("路灯坏了", number=4))
    assert built["message"]["text"] == "你好\n路灯坏了"
    assert built["message"]["ids"] == [3, 4]


def test_a_short_answer_carries_the_payload_of_its_option() -> None:
    assert request(message("２"), prompt=PROMPT)["message"]["choice"] == "/correct"
    assert request(message("2"))["message"]["choice"] is None


def test_a_spoken_answer_is_an_answer() -> None:
    assert (
        request(message("第二个。", kind="voice"), prompt=PROMPT)["message"]["choice"] == "/correct"
    )
    silent = request(message(kind="voice"), prompt=PROMPT)["message"]
    assert (silent["choice"], silent["kind"], silent["media"]) == (None, "voice", 1)


def test_what_is_written_counts_before_what_is_spoken_and_that_before_pictures() -> None:
    photo, voice, words = message(kind="image"), message(kind="voice"), message("路灯坏了")
    assert request(photo, voice)["message"]["kind"] == "voice"
    assert request(photo, voice, words)["message"]["kind"] == "text"
    assert request(photo, message(kind="video"))["message"]["kind"] == "image"


def test_what_a_citizen_types_is_never_a_command() -> None:
    built = request(message('/affirm{"x": 1}'))
    assert not built["message"]["text"].startswith("/")
    assert built["message"]["choice"] is None


def test_an_old_prompt_gives_a_number_no_meaning() -> None:
    later = AT + prompts.LIVES + timedelta(seconds=1)
    assert prompts.live(PROMPT, AT) is PROMPT
    assert prompts.live(PROMPT, later) is None


def test_the_label_of_a_place_is_read_as_words() -> None:
    place = message(kind="location", detail={"latitude": 1.0, "longitude": 2.0, "label": "东风桥"})
    built = request(place)
    VALIDATOR.validate(built)
    assert built["message"]["kind"] == "location"
    assert built["message"]["text"] == "东风桥"


def test_times_are_told_in_shanghai() -> None:
    assert request(message("你好"))["now"] == "2026-11-23T09:00:00+08:00"
