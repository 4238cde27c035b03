"""How fast an account sends, and how long it waits before it tries again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.session.backoff import HELD_SECONDS, REFUSED_SECONDS, Backoff
from channels.sms.session.rates import LONGEST_HOLD_SECONDS, Rates


@given(
    st.floats(0.5, 200),
    st.floats(0.5, 200),
    st.lists(st.booleans(), min_size=1, max_size=300),
)
def test_neither_rate_is_ever_passed(messages: float, segments: float, firsts: list[bool]) -> None:
    rates, now, left = Rates(messages, segments), 0.0, []
    for first in firsts:
        wait = rates.wait(now, first=first)
        now += wait
        assert rates.wait(now, first=first) == pytest.approx(0, abs=1e-6)
        rates.take(now, first=first)
        left.append((now, first))
    span = left[-1][0] + 1  # what may leave at once is one second's worth
    assert len(left) <= max(1, segments) + segments * span + 1e-6
    assert sum(first for _, first in left) <= max(1, messages) + messages * span + 1e-6


def test_without_limits_nothing_waits() -> None:
    rates = Rates()
    for _ in range(1000):
        assert rates.wait(0, first=True) == 0
        rates.take(0, first=True)


def test_a_gateway_that_has_too_much_is_given_more_time_each_time() -> None:
    rates, now, holds = Rates(), 0.0, []
    for _ in range(8):
        rates.slow_down(now)
        rates.slow_down(now)  # others were under way when it said so
        holds.append(rates.wait(now, first=False))
        now += holds[-1]
    assert holds == [1, 2, 4, 8, 16, 30, 30, LONGEST_HOLD_SECONDS]
    assert rates.held(now) == 0
    rates.went_well(now)
    rates.slow_down(now)
    assert rates.held(now) == 1


@given(st.integers(0, 100))
def test_waiting_grows_to_its_bound_with_jitter(failures: int) -> None:
    backoff = Backoff(first=0.5, longest=60, failures=failures)
    wait = backoff.after(held=0, refused=False)
    expected = min(60, 0.5 * 2**failures)
    assert expected * 0.7 <= wait <= expected * 1.3


def test_not_all_come_back_at_once() -> None:
    assert len({Backoff().after(held=0, refused=False) for _ in range(20)}) > 10


def test_a_session_that_held_begins_anew_and_a_refusal_waits() -> None:
    backoff = Backoff(failures=7)
    assert backoff.after(held=HELD_SECONDS, refused=False) <= 0.5 * 1.3
    assert Backoff().after(held=0, refused=True) >= REFUSED_SECONDS * 0.7
