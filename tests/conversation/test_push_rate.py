"""Pushes leave evenly: a little at a time, and no burst after a standstill."""

from __future__ import annotations

from datetime import timedelta

from backend.conversation.push_rate import PushRate
from tests.conversation.conftest import HandClock

ACCOUNT = 1


def sent_in(seconds: float, rate: PushRate, clock: HandClock, *, step: float = 0.05) -> int:
    sent = 0
    end = clock.now() + timedelta(seconds=seconds)
    while clock.now() < end:
        allowed = rate.allowed(ACCOUNT, clock.now())
        rate.spend(ACCOUNT, allowed)
        sent += allowed
        clock.pass_(step)
    return sent


def test_over_time_it_is_the_account_s_rate() -> None:
    rate, clock = PushRate({ACCOUNT: 20.0}), HandClock()
    assert 200 <= sent_in(10, rate, clock) <= 210


def test_after_a_standstill_at_most_half_a_second_s_worth_leaves_at_once() -> None:
    rate, clock = PushRate({ACCOUNT: 20.0}), HandClock()
    assert rate.allowed(ACCOUNT, clock.now()) == 10
    rate.spend(ACCOUNT, 10)
    assert rate.allowed(ACCOUNT, clock.now()) == 0
    clock.pass_(3600)
    assert rate.allowed(ACCOUNT, clock.now()) == 10


def test_a_slow_account_sends_one_at_a_time() -> None:
    rate, clock = PushRate({ACCOUNT: 0.5}), HandClock()
    assert 5 <= sent_in(10, rate, clock) <= 6


def test_a_clock_set_back_stops_nothing() -> None:
    rate, clock = PushRate({ACCOUNT: 20.0}), HandClock()
    rate.spend(ACCOUNT, rate.allowed(ACCOUNT, clock.now()))
    clock.pass_(-600)
    assert rate.allowed(ACCOUNT, clock.now()) == 0
    clock.pass_(1)
    assert rate.allowed(ACCOUNT, clock.now()) == 10
