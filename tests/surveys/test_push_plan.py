"""How long asking takes, over the night where it has to."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from backend.clock import SHANGHAI
from backend.surveys.push_limits import QuietHours
from backend.surveys.push_plan import asking_begins, asking_ends


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "people", "end"),
    [
        (at(23, 12), {"sms": 1200}, at(23, 12, 2)),  # ten a second
        (at(23, 12), {"sms": 600, "wx": 1200}, at(23, 12, 1)),  # twenty a second, side by side
        (at(23, 20, 59), {"sms": 1200}, at(24, 8, 1)),
        (at(23, 22), {"sms": 600}, at(24, 8, 1)),
        (at(24, 3), {"sms": 600}, at(24, 8, 1)),
        (at(23, 20), {"sms": 36_000 + 13 * 36_000 + 600}, at(25, 8, 1)),
        (at(23, 12), {}, at(23, 12)),
    ],
)
def test_asking_stops_for_the_night(start: datetime, people: dict[str, int], end: datetime) -> None:
    assert asking_ends(start, people, {"sms": 10.0}, QuietHours()) == end


def test_without_quiet_hours_it_goes_on() -> None:
    never = QuietHours(time(0), time(0))
    assert asking_ends(at(23, 23), {"sms": 72_000}, {"sms": 10.0}, never) == at(24, 1)
    assert asking_begins(at(23, 23), never) == at(23, 23)
