"""Reports of a long message: first, partly, twice, never, and what they come to together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ports import ReceiptState
from channels.sms.sent_parts import EARLY_REPORTS, REMEMBER, SentParts, Verdict

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DELIVERED, FAILED, BUFFERED = ReceiptState.DELIVERED, ReceiptState.FAILED, ReceiptState.BUFFERED


def three() -> SentParts:
    sent = SentParts()
    for number in (1, 2, 3):
        assert sent.accepted(5, 3, number, 100 + number, NOW) is None
    return sent


def test_delivered_when_all_parts_are() -> None:
    sent = three()
    assert sent.reported(103, DELIVERED, "DELIVRD") is None
    assert sent.reported(103, DELIVERED, "DELIVRD") is None
    assert sent.reported(101, DELIVERED, "DELIVRD") is None
    assert sent.reported(102, BUFFERED, "ACCEPTD") is None
    assert sent.reported(102, DELIVERED, "DELIVRD") == Verdict(5, DELIVERED, "")
    assert sent.reported(102, DELIVERED, "DELIVRD") is None


def test_failed_when_one_part_is() -> None:
    sent = three()
    assert sent.reported(101, DELIVERED, "DELIVRD") is None
    assert sent.reported(102, FAILED, "MK:0001") == Verdict(5, FAILED, "MK:0001")
    assert sent.reported(103, DELIVERED, "DELIVRD") is None


def test_a_final_state_never_goes_back() -> None:
    sent = three()
    sent.reported(101, FAILED, "UNDELIV")
    for msg_id in (101, 102, 103):
        assert sent.reported(msg_id, DELIVERED, "DELIVRD") is None


def test_reports_before_the_answers() -> None:
    sent = SentParts()
    assert sent.reported(102, DELIVERED, "DELIVRD") is None
    assert sent.accepted(5, 2, 1, 101, NOW) is None
    assert sent.accepted(5, 2, 2, 102, NOW) is None
    assert sent.reported(101, DELIVERED, "DELIVRD") == Verdict(5, DELIVERED, "")


def test_early_reports_do_not_pile_up() -> None:
    sent = SentParts()
    for msg_id in range(EARLY_REPORTS + 1):
        sent.reported(msg_id + 1, FAILED, "x")
    assert sent.accepted(5, 1, 1, 1, NOW) is None
    assert sent.accepted(6, 1, 1, 2, NOW) == Verdict(6, FAILED, "x")


def test_a_verdict_that_did_not_reach_the_outbox_is_given_again() -> None:
    sent = three()
    assert sent.reported(101, FAILED, "x")
    sent.untell(5)
    assert sent.reported(101, FAILED, "x") == Verdict(5, FAILED, "x")


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_over_is_forgotten(whole: bool) -> None:
    sent = three()
    for msg_id in (101, 102, 103) if whole else ():
        sent.reported(msg_id, DELIVERED, "")
    sent.forget(NOW if whole else NOW + REMEMBER)
    assert list(sent.messages()) == []
    assert not sent.knows(101)


@given(st.permutations(range(9)), st.integers(0, 7))
def test_in_any_order_there_is_one_verdict(order: list[int], failing: int) -> None:
    """Acceptances 0–2, reports 3–5, the same reports again 6–8."""
    states = [FAILED if failing >> part & 1 else DELIVERED for part in range(3)]
    sent, verdicts = SentParts(), []
    for step in order:
        part = step % 3
        if step < 3:
            found = sent.accepted(5, 3, part + 1, 101 + part, NOW)
        else:
            found = sent.reported(101 + part, states[part], "")
        verdicts += [found] if found else []
    assert [verdict.state for verdict in verdicts] == [FAILED if failing else DELIVERED]
