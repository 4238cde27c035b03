"""How weights move: one provider failing, slow, flapping."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest

from backend.conversation.failover import (
    BETWEEN_ERRORS,
    BETWEEN_SLOW,
    DRIFT_AFTER,
    Deliveries,
    Tally,
    Weight,
    choose,
    moved,
    shares,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NOTHING = Deliveries()


def at(weight: int, *, resting: int = 50, reason: str = "start", since: datetime = NOW) -> Weight:
    return Weight(weight, resting, reason, since)


def tally(now: datetime, *, failed: int = 0, fine: int = 0, seconds: float = 0.1) -> Tally:
    seen = Tally()
    for number in range(failed + fine):
        seen.add(now, failed=number < failed, seconds=seconds)
    return seen


class Provider:
    """One account over time, weighed every ten seconds with twenty messages handed to it in each;
    none while its weight is 0."""

    def __init__(self) -> None:
        self.known, self.now, self.seen = at(50), NOW, Tally()

    def run(self, seconds: int, *, failing: float) -> list[int]:
        """The weights on the way. `failing`: this part of its messages."""
        weights = []
        for _ in range(seconds // 10):
            self.now += timedelta(seconds=10)
            for number in range(20 if self.known.weight else 0):
                self.seen.add(self.now, failed=number < 20 * failing, seconds=0.1)
            found = moved(self.known, self.seen, NOTHING, self.now)
            self.known = found or self.known
            weights.append(self.known.weight)
        return weights


def test_one_that_fails_wholly_carries_nothing_after_ten_seconds() -> None:
    provider = Provider()
    assert provider.run(10, failing=1) == [0]
    assert provider.known.reason == "errors"


def test_one_that_fails_partly_falls_by_steps_and_drifts_back() -> None:
    provider = Provider()
    falling = provider.run(150, failing=0.2)
    assert sorted(set(falling), reverse=True) == [40, 30, 20, 10, 0]
    assert falling == sorted(falling, reverse=True)
    up = provider.run(3600, failing=0)
    assert up == sorted(up)
    assert up[-1] == 50
    steps = [weight for weight, _ in groupby(up)]
    assert steps == [0, 10, 20, 30, 40, 50]
    assert up.count(20) == DRIFT_AFTER / timedelta(seconds=10)
    assert set(provider.run(3600, failing=0)) == {50}


def test_one_that_flaps_is_tried_with_little_and_never_carries_much() -> None:
    provider = Provider()
    weights = []
    for _ in range(12):  # two hours: five minutes well, five minutes not
        weights += provider.run(300, failing=0)
        weights += provider.run(300, failing=1)
    settled = weights[60:]
    assert max(settled) <= 10
    assert sum(settled) / len(settled) < 5


def test_errors_of_a_few_are_no_reason() -> None:
    assert moved(at(50), tally(NOW, failed=2), NOTHING, NOW) is None
    assert moved(at(50), tally(NOW, failed=9, fine=91), NOTHING, NOW) is None
    old = tally(NOW - timedelta(minutes=2), failed=50)
    assert moved(at(50), old, NOTHING, NOW) is None


def test_a_slow_answer_counts_as_an_error() -> None:
    found = moved(at(50), tally(NOW, fine=10, seconds=11), NOTHING, NOW)
    assert found is not None
    assert (found.weight, found.reason) == (0, "errors")


def test_a_step_is_taken_once_by_whichever_process_sees_it() -> None:
    """Each has its own tally; the one that comes second finds the weight changed just now."""
    seen = tally(NOW, failed=5, fine=15)
    found = moved(at(50), seen, NOTHING, NOW)
    assert found == at(40, reason="errors")
    soon = NOW + timedelta(seconds=1)
    for other in (tally(NOW, failed=5, fine=15), tally(soon, failed=5, fine=15)):
        assert moved(found, other, NOTHING, soon) is None
    later = NOW + BETWEEN_ERRORS
    assert moved(found, tally(later, failed=5, fine=15), NOTHING, later) == Weight(
        30, 50, "errors", later
    )
    # What brought it down is not counted again.
    assert moved(found, seen, NOTHING, later) is None


def test_a_step_back_up_holds_up_no_fall() -> None:
    drifted = at(10, reason="drift")
    found = moved(drifted, tally(NOW, failed=20), NOTHING, NOW)
    assert found is not None
    assert found.weight == 0


def test_late_deliveries_lower_it_by_one_step_in_a_window() -> None:
    slow = Deliveries(due=10, late=3)
    found = moved(at(50), Tally(), slow, NOW)
    assert found == at(40, reason="slow")
    assert moved(found, Tally(), slow, NOW + BETWEEN_SLOW - timedelta(seconds=1)) is None
    again = moved(found, Tally(), slow, NOW + BETWEEN_SLOW)
    assert again is not None
    assert again.weight == 30
    assert moved(at(50), Tally(), Deliveries(due=4, late=4), NOW) is None
    assert moved(at(50), Tally(), Deliveries(due=100, late=29), NOW) is None


def test_it_drifts_back_from_above_too_and_no_further() -> None:
    later = NOW + DRIFT_AFTER
    assert moved(at(55), Tally(), NOTHING, later) == Weight(50, 50, "drift", later)
    assert moved(at(45), Tally(), NOTHING, later) == Weight(50, 50, "drift", later)
    assert moved(at(50), Tally(), NOTHING, later) is None
    assert moved(at(0, resting=0), tally(later, failed=9), NOTHING, later) is None


def test_messages_are_shared_by_weight() -> None:
    weights = {1: at(60), 2: at(30), 3: at(10)}
    draw = random.Random(7).random
    counted = Counter(choose(weights, None, draw()) for _ in range(10_000))
    assert counted[1] == pytest.approx(6000, abs=200)
    assert counted[2] == pytest.approx(3000, abs=200)
    assert counted[3] == pytest.approx(1000, abs=200)


def test_the_one_that_just_failed_is_passed_over() -> None:
    weights = {1: at(90), 2: at(0)}
    assert {choose(weights, 1, each / 10) for each in range(10)} == {2}
    assert choose({1: at(50)}, 1, 0.5) == 1


def test_with_all_at_nothing_each_has_its_usual_part() -> None:
    assert shares({1: at(0, resting=75), 2: at(0, resting=25)}) == {1: 0.75, 2: 0.25}
    assert shares({1: at(0, resting=0), 2: at(0, resting=0)}) == {1: 0.5, 2: 0.5}
    assert choose({1: at(50), 2: at(50)}, None, 0.999999999) == 2
