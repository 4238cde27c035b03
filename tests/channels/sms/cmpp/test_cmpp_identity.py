"""A message sent again and a new one are told apart, also where Msg_Ids repeat."""

from __future__ import annotations

from dataclasses import replace

from channels.sms.cmpp.identity import Identities
from channels.sms.cmpp.pdus import Deliver

ONE = Deliver(msg_id=77, dest_id="1069", msg_fmt=8, src_terminal_id="13800138000", content=b"\x001")
TWO = replace(ONE, content=b"\x002")


def test_sent_again_on_the_same_connection() -> None:
    known = Identities()
    assert known.of("a", 1, ONE) == known.of("a", 1, ONE)


def test_sent_again_on_another_connection_or_to_another_process() -> None:
    known = Identities()
    name = known.of("a", 1, ONE)
    assert known.of("b", 9, ONE) == name
    assert Identities().of("c", 5, ONE) == name


def test_another_msg_id_is_another_message_though_the_words_are_the_same() -> None:
    known = Identities()
    assert known.of("a", 1, ONE) != known.of("a", 2, replace(ONE, msg_id=78))
    assert not known.repeats


def test_the_same_msg_id_with_other_words_shows_a_gateway_that_repeats_them() -> None:
    known = Identities()
    names = [known.of("a", 1, ONE), known.of("a", 2, TWO)]
    assert known.repeats
    # Two honest '1's are two answers, on one connection and on the next.
    names += [known.of("a", 3, ONE), known.of("a", 4, ONE), known.of("b", 1, ONE)]
    assert len(set(names)) == 5
    # What is sent again is still known, also from before it was noticed.
    assert [known.of("a", 1, ONE), known.of("a", 2, TWO), known.of("a", 4, ONE)] == [
        names[0], names[1], names[3],
    ]  # fmt: skip


def test_two_honest_ones_are_two_before_it_was_noticed() -> None:
    known = Identities()
    assert known.of("a", 1, ONE) != known.of("a", 2, ONE)


def test_another_senders_words_under_the_same_id_are_another_message() -> None:
    known = Identities()
    assert known.of("a", 1, ONE) != known.of("b", 1, replace(ONE, src_terminal_id="13900139000"))
    assert known.repeats


def test_parts_of_one_message_may_share_its_id() -> None:
    known = Identities()
    parts = [
        replace(ONE, tp_udhi=1, content=bytes((5, 0, 3, 9, 2, number)) + b"\x00x")
        for number in (1, 2)
    ]
    names = [known.of("a", number, part) for number, part in enumerate(parts)]
    assert len(set(names)) == 2
    assert not known.repeats
    assert [known.of("b", 7, part) for part in parts] == [names[0], names[1]]


def test_a_gateway_without_ids_is_never_trusted_with_them() -> None:
    known = Identities()
    nameless = replace(ONE, msg_id=0)
    assert known.of("a", 1, nameless) != known.of("b", 1, nameless)
