"""Parts that came in: in any order, twice, of two messages, or not at all."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.long_messages import REMEMBER, WAIT, LongMessages, ReceivedPart
from channels.sms.message_parts import Concatenation

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
GAP = "〔{number}〕"


def cut(
    text: str, size: int, *, reference: int = 7, sender: str = "13800138000", mark: str = ""
) -> list[ReceivedPart]:
    """As phones do: by octets, whatever stands there. `mark` tells one sending from another."""
    octets = text.encode("utf-16-be")
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    return [
        ReceivedPart(
            known_as=f"{mark}{reference}-{number}",
            sender=sender,
            receiver="1069",
            concatenation=Concatenation(reference, len(pieces), number),
            coding=8,
            payload=piece,
            raw=b"<%d>" % number,
            at=NOW,
        )
        for number, piece in enumerate(pieces, 1)
    ]


@given(
    st.text(st.sampled_from("路灯😀👴a"), min_size=20, max_size=200),
    st.integers(3, 11),
    st.randoms(use_true_random=False),
)
def test_any_order_gives_the_words(text: str, size: int, order: random.Random) -> None:
    parts = cut(text, size)
    arriving = [*parts, *parts[:2]]
    order.shuffle(arriving)
    long = LongMessages()
    for part in arriving:
        message, _ = long.add(part)
    assert message.whole
    assert message.text(GAP) == text
    assert message.raw == b"".join(part.raw for part in parts)
    assert long.due(NOW) == [message]
    long.stored(message, NOW)
    assert long.due(NOW) == []
    assert list(long.parts()) == []
    assert all(long.seen(part.known_as) for part in parts)


def test_a_part_that_comes_twice_changes_nothing() -> None:
    long = LongMessages()
    one, _ = cut("路灯坏了", 4)
    assert [long.add(one)[1], long.add(one)[1]] == [True, False]


def test_what_does_not_come_is_marked_when_it_is_overdue() -> None:
    long = LongMessages()
    parts = cut("一二三四五六七八", 4)
    for part in (parts[3], parts[1]):
        message, _ = long.add(part)
    assert long.due(NOW + WAIT - timedelta(seconds=1)) == []
    assert long.due(NOW + WAIT) == [message]
    assert message.text(GAP) == "〔1〕三四〔3〕七八"


def test_what_comes_while_an_overdue_message_is_handed_on_is_not_lost_with_it() -> None:
    long = LongMessages()
    one, two = cut("路灯坏了", 4)
    overdue, _ = long.add(one)
    long.give_up(overdue)
    late, _ = long.add(two)
    assert long.seen(one.known_as)
    assert not long.seen(two.known_as)
    long.stored(overdue, NOW)
    assert long.messages() == [late]
    assert late.text(GAP) == "〔1〕坏了"


def test_two_senders_and_two_references_are_kept_apart() -> None:
    long = LongMessages()
    one = cut("甲乙丙丁", 4)
    other = cut("子丑寅卯", 4, sender="13900139000")
    third = cut("天地玄黄", 4, reference=8)
    messages = [
        long.add(part)[0] for part in (one[0], other[0], third[0], one[1], other[1], third[1])
    ]
    assert [message.text(GAP) for message in messages[3:]] == ["甲乙丙丁", "子丑寅卯", "天地玄黄"]


def test_another_message_with_the_same_reference_gives_the_first_up() -> None:
    long = LongMessages()
    first, second = cut("甲乙丙丁", 4), cut("子丑寅卯", 4, mark="b")
    given_up, _ = long.add(first[0])
    long.add(second[0])
    whole, _ = long.add(second[1])
    assert [message.text(GAP) for message in long.due(NOW)] == ["甲乙〔2〕", "子丑寅卯"]
    assert given_up.id != whole.id


def test_the_name_is_the_first_parts_and_survives_a_restart() -> None:
    long = LongMessages()
    parts = cut("一二三四五六", 4)
    for part in (parts[2], parts[0]):
        message, _ = long.add(part)
    again = LongMessages()
    for part in long.parts():
        known, _ = again.add(part)
    assert known.id == message.id == parts[2].known_as
    assert known.text(GAP) == message.text(GAP)


def test_parts_of_different_formats_are_read_each_in_its_own() -> None:
    long = LongMessages()
    one, two = cut("路灯坏了", 4)
    other = ReceivedPart(
        "x", two.sender, two.receiver, two.concatenation, 15, "坏了".encode("gb18030"), b"", NOW
    )
    long.add(one)
    assert long.add(other)[0].text(GAP) == "路灯坏了"


@pytest.mark.parametrize(("later", "seen"), [(timedelta(), True), (REMEMBER, False)])
def test_stored_parts_are_known_for_a_day(later: timedelta, seen: bool) -> None:
    long = LongMessages()
    for part in cut("路灯坏了", 4):
        message, _ = long.add(part)
    long.stored(message, NOW)
    long.forget(NOW + later)
    assert long.seen("7-1") is seen
