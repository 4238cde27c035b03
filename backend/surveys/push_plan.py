"""When everyone a survey is meant for will have been asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from backend.clock import SHANGHAI
from backend.surveys.push_limits import PUSHES_PER_SECOND, QuietHours


def asking_ends(
    start: datetime, people: Mapping[str, int], rates: Mapping[str, float], quiet: QuietHours
) -> datetime:
    """The end of asking `people` (by account name) from `start` on. Accounts go side by side, each
    at its `rates` (per second), and none in `quiet` hours."""
    seconds = max(
        (count / rates.get(name, PUSHES_PER_SECOND) for name, count in people.items()), default=0.0
    )
    at, left = asking_begins(start, quiet), timedelta(seconds=seconds)
    if quiet.begin == quiet.end:
        return at + left
    while left > (until_quiet := _next(at, quiet, begin=True) - at):
        left -= until_quiet
        at = _next(at + until_quiet, quiet, begin=False)
    return at + left


def asking_begins(at: datetime, quiet: QuietHours) -> datetime:
    """`at`, or the end of the quiet hours it lies in."""
    return _next(at, quiet, begin=False) if quiet.hold(at) else at


def _next(at: datetime, quiet: QuietHours, *, begin: bool) -> datetime:
    """The next time after `at` that the quiet hours begin, or end."""
    there = at.astimezone(SHANGHAI)
    wanted = datetime.combine(there.date(), quiet.begin if begin else quiet.end, SHANGHAI)
    return wanted if wanted > there else wanted + timedelta(days=1)
