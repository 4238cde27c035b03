from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from backend.conversation.fragments import MOST_MESSAGES, Waiting, read_together

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def message(
    number: int,
    text: str = "楼下路灯坏了",
    *,
    kind: str = "text",
    seconds: float = 0,
    address: int = 1,
    standalone: bool = False,
) -> Waiting:
    at = AT + timedelta(seconds=seconds)
    return Waiting(number, 1, address, kind, text, None, 0, at, None, standalone)


def ids(messages: list[Waiting]) -> list[int]:
    return [each.id for each in messages]


def test_fragments_of_one_matter_are_read_together() -> None:
    waiting = [message(1, "领导你好"), message(2, "我们村"), message(3, "", kind="image")]
    assert ids(read_together(waiting)) == [1, 2, 3]


def test_an_answer_stands_alone_and_ends_a_group() -> None:
    waiting = [message(1), message(2, "1"), message(3)]
    assert ids(read_together(waiting)) == [1]
    assert ids(read_together(waiting[1:])) == [2]


def test_what_was_marked_as_standing_alone_does() -> None:
    waiting = [message(1, "退订短信", standalone=True), message(2)]
    assert ids(read_together(waiting)) == [1]


def test_internal_messages_and_events_stand_alone() -> None:
    for kind in ("internal", "event"):
        assert ids(read_together([message(1, kind=kind), message(2)])) == [1]
        assert ids(read_together([message(1), message(2, kind=kind)])) == [1]


def test_a_long_pause_or_another_address_begins_a_new_turn() -> None:
    assert ids(read_together([message(1), message(2, seconds=600)])) == [1]
    assert ids(read_together([message(1), message(2, address=2)])) == [1]


@given(
    st.lists(
        st.tuples(
            st.text(max_size=300),
            st.sampled_from(["text", "image", "event", "internal", "location"]),
            st.floats(0, 1000),
        ),
        max_size=30,
    )
)
def test_every_message_is_read_exactly_once_and_in_order(
    shapes: list[tuple[str, str, float]],
) -> None:
    waiting = [
        message(number, text, kind=kind, seconds=seconds)
        for number, (text, kind, seconds) in enumerate(shapes)
    ]
    read: list[int] = []
    left = waiting
    while left:
        group = read_together(left)
        assert 1 <= len(group) <= MOST_MESSAGES
        read += ids(group)
        left = left[len(group) :]
    assert read == list(range(len(waiting)))
