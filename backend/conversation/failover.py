"""How much each account of a pool carries: weights that fall with errors and slowness and drift
back. Pure.

After GOV.UK Notify, whose two providers share the messages by weights that move by ten in a
hundred. An account that fails wholly falls faster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST_WEIGHT = 100
STEP = 10
BIG_STEP = 50
# Errors: of what was handed over lately, this share and at least so many.
OBSERVED = timedelta(seconds=60)
LEAST_TROUBLED = 3
TROUBLED_SHARE = 0.1
FAILING_SHARE = 0.5
SLOW_ANSWER_SECONDS = 10.0
# One step by errors in so long, whichever process saw them.
BETWEEN_ERRORS = timedelta(seconds=30)
# Slowness: of what should have been delivered by now, this share was late.
DELIVERY_WINDOW = timedelta(minutes=15)
LATE_AFTER = timedelta(minutes=5)
LEAST_DUE = 5
LATE_SHARE = 0.3
# The same late messages are not counted twice.
BETWEEN_SLOW = DELIVERY_WINDOW
# Quiet for so long: one step back towards the usual.
DRIFT_AFTER = timedelta(minutes=10)
MOST_OBSERVATIONS = 2000


@dataclass(frozen=True, slots=True)
class Weight:
    """0 to 100; `resting` is what it drifts back to. `reason`: start, errors, slow or drift."""

    weight: int
    resting: int
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Of one account: how many should have been delivered by now, and how many were late or still
    are out. None are due where the provider tells nothing of deliveries."""

    due: int = 0
    late: int = 0


class Tally:
    """What became of the messages one process handed over to one account lately."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, bool]] = deque(maxlen=MOST_OBSERVATIONS)

    def add(self, at: datetime, *, failed: bool, seconds: float) -> None:
        """`seconds`: how long the provider took to answer."""
        self._seen.append((at, failed or seconds > SLOW_ANSWER_SECONDS))

    def troubled(self, now: datetime, since: datetime) -> tuple[int, int]:
        """(troubled, all) of the last minute, of those after `since`."""
        begin = max(now - OBSERVED, since)
        lately = [troubled for at, troubled in self._seen if at > begin]
        return sum(lately), len(lately)


def moved(known: Weight, tally: Tally, deliveries: Deliveries, now: datetime) -> Weight | None:
    """The weight after what was seen; None where it stays."""
    quiet = now - known.changed_at
    # The start and a step back up say nothing of errors, so they hold up no fall.
    fell = known.reason in ("errors", "slow")
    # What brought a weight down is not counted again.
    troubled, seen = tally.troubled(now, known.changed_at if fell else now - OBSERVED)
    failing = troubled >= LEAST_TROUBLED and troubled >= TROUBLED_SHARE * seen
    if failing and known.weight > 0 and (not fell or quiet >= BETWEEN_ERRORS):
        step = BIG_STEP if troubled >= FAILING_SHARE * seen else STEP
        return _at(known, known.weight - step, "errors", now)
    slow = deliveries.due >= LEAST_DUE and deliveries.late >= LATE_SHARE * deliveries.due
    if slow and known.weight > 0 and (not fell or quiet >= BETWEEN_SLOW):
        return _at(known, known.weight - STEP, "slow", now)
    if failing or slow or known.weight == known.resting or quiet < DRIFT_AFTER:
        return None
    up = known.weight < known.resting
    step = min(STEP, abs(known.resting - known.weight))
    return _at(known, known.weight + (step if up else -step), "drift", now)


def _at(known: Weight, weight: int, reason: str, now: datetime) -> Weight:
    return Weight(min(max(weight, 0), MOST_WEIGHT), known.resting, reason, now)


def shares(weights: Mapping[int, Weight]) -> dict[int, float]:
    """Of the accounts of a pool, by id: parts of one. Where all have fallen to nothing, each has
    its usual part: some account must carry the messages."""
    carried = {id_: each.weight for id_, each in weights.items()}
    if not any(carried.values()):
        carried = {id_: each.resting for id_, each in weights.items()}
    if not any(carried.values()):
        carried = dict.fromkeys(weights, 1)
    whole = sum(carried.values())
    return {id_: each / whole for id_, each in carried.items()}


def choose(weights: Mapping[int, Weight], failed: int | None, draw: float) -> int:
    """The account that carries a message: by its share, `draw` being in [0, 1). Not the one that
    has just failed with it, where there is another. `weights` is not empty."""
    others = {id_: each for id_, each in weights.items() if id_ != failed} or weights
    left = draw
    for id_, share in sorted(shares(others).items()):
        if left < share:
            return id_
        left -= share
    return max(others)  # what rounding left over
