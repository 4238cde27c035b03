"""The quota of pushes, against Tencent's table and against the fake platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat.quota import MOST_AT_ONCE, Moment, Quota, Trigger, quota, still_counting
from channels.wechat.testing.rules import ReplyWindows

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE, HOUR = 60, 3600
CLOSED = Quota(0, None)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def came(seconds: float, trigger: Trigger) -> Moment:
    return Moment(at(seconds), trigger)


WROTE, ACTED, SHUT = Trigger.WROTE, Trigger.ACTED, Trigger.SHUT


@pytest.mark.parametrize(
    ("moments", "pushed", "now", "expected"),
    [
        ([], [], 0, CLOSED),
        ([], [0, 1], 2, CLOSED),
        ([came(0, WROTE)], [], 0, Quota(5, at(48 * HOUR))),
        ([came(0, WROTE)], [1, 2, 3, 4], 5, Quota(1, at(48 * HOUR))),
        ([came(0, WROTE)], [1, 2, 3, 4, 5], 6, CLOSED),
        ([came(0, WROTE)], [], 48 * HOUR - 1, Quota(5, at(48 * HOUR))),
        ([came(0, WROTE)], [], 48 * HOUR, CLOSED),
        # A new message opens the window anew.
        ([came(0, WROTE), came(9, WROTE)], [1, 2, 3, 4, 5], 10, Quota(5, at(48 * HOUR + 9))),
        ([came(0, ACTED)], [1], 2, Quota(2, at(MINUTE))),
        ([came(0, ACTED)], [1, 2, 3], 4, CLOSED),
        ([came(0, ACTED)], [], MINUTE, CLOSED),
        # Both stand beside each other; what ends first is used first.
        ([came(0, WROTE), came(1, ACTED)], [], 2, Quota(8, at(48 * HOUR))),
        ([came(0, WROTE), came(1, ACTED)], [2, 3, 4, 5], 6, Quota(4, at(48 * HOUR))),
        ([came(0, WROTE), came(1, ACTED)], [2, 3], 2 * MINUTE, Quota(5, at(48 * HOUR))),
        # They left, or WeChat said no; then they came again.
        ([came(0, WROTE), came(1, SHUT)], [], 2, CLOSED),
        ([came(0, WROTE), came(1, SHUT), came(2, ACTED)], [], 3, Quota(3, at(MINUTE + 2))),
        # Within one second: a push follows what allowed it, else they came as given.
        ([came(0, WROTE)], [0], 0, Quota(4, at(48 * HOUR))),
        ([came(0, WROTE), came(0, SHUT)], [], 0, CLOSED),
        ([came(0, SHUT), came(0, WROTE)], [], 0, Quota(5, at(48 * HOUR))),
    ],
)
def test_the_table(moments: list[Moment], pushed: list[float], now: float, expected: Quota) -> None:
    assert quota(moments, [at(each) for each in pushed], at(now)) == expected
    if len({moment.at for moment in moments}) == len(moments):
        assert quota(moments[::-1], [at(each) for each in pushed[::-1]], at(now)) == expected


@dataclass
class Hand:
    at: datetime = START

    def now(self) -> datetime:
        return self.at


# (seconds since the last, what happens)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 20.0, 59.0, 60.0, 61.0, 3600.0, 47 * 3600.0, 48 * 3600.0]),
        st.sampled_from(["wrote", "acted", "left", "push", "push", "push", "push"]),
    ),
    max_size=40,
)


def _history(steps: list[tuple[float, str]]) -> tuple[list[Moment], list[datetime], datetime]:
    moments, pushed, now = [], [], START
    for passed, what in steps:
        # Never quite at once: what then comes first is WeChat's secret.
        now += timedelta(seconds=passed, milliseconds=7)
        match what:
            case "wrote" | "acted":
                moments.append(Moment(now, Trigger(what)))
            case "left":
                moments.append(Moment(now, SHUT))
            case _:
                pushed.append(now)
    return moments, pushed, now


@given(STEPS)
def test_it_says_what_the_platform_does(steps: list[tuple[float, str]]) -> None:
    clock = Hand()
    windows = ReplyWindows(clock)
    moments: list[Moment] = []
    pushed: list[datetime] = []
    for passed, what in steps:
        clock.at += timedelta(seconds=passed, milliseconds=7)
        if what == "push":
            allowed = quota(moments, pushed, clock.at).left
            assert (windows.take("o") == 0) is (allowed > 0)
            if allowed:
                pushed.append(clock.at)
        elif what == "left":
            windows.left("o")
            moments.append(Moment(clock.at, SHUT))
        else:
            getattr(windows, what)("o")
            moments.append(Moment(clock.at, Trigger(what)))


@given(STEPS)
def test_there_is_never_more_than_both_windows_hold_and_each_push_takes_one(
    steps: list[tuple[float, str]],
) -> None:
    moments, pushed, now = _history(steps)
    before = quota(moments, pushed, now)
    assert 0 <= before.left <= 8
    assert (before.until is None) is (before.left == 0)
    assert quota(moments, [*pushed, now], now).left == max(0, before.left - 1)
    assert quota([*moments, Moment(now, WROTE)], pushed, now).left >= MOST_AT_ONCE - len(
        [each for each in pushed if each == now]
    )
    if before.until is not None:
        assert quota(moments, pushed, before.until) == CLOSED


@given(STEPS, st.floats(0, 100 * 3600))
def test_what_is_forgotten_changes_nothing(steps: list[tuple[float, str]], later: float) -> None:
    moments, pushed, now = _history(steps)
    kept = still_counting(moments, pushed, now)
    then = now + timedelta(seconds=later)
    assert quota(*kept, then) == quota(moments, pushed, then)
    assert len(kept[0]) <= len(moments)


def test_of_one_who_writes_all_day_little_is_kept() -> None:
    moments = [came(number * 100, WROTE) for number in range(1000)]
    pushed = [at(number * 100 + 1) for number in range(1000)]
    kept, counting = still_counting(moments, pushed, at(100_001))
    assert (len(kept), len(counting)) == (1, 1)
