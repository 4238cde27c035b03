"""Days and working time, against the plainest way to count them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.overview.period import BadPeriod, Period, chosen, day_number, day_of, latest
from backend.overview.working_time import working_seconds
from backend.petitions.deadline import SHANGHAI, load_calendar
from tests.petitions.world import DATA

CALENDAR = load_calendar(DATA / "catalogue" / "working_days.yml")
TODAY = date(2026, 11, 23)
MINUTE = timedelta(minutes=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (at(20, 16), at(23, 10), 18),  # Friday to Monday
        (at(21, 9), at(22, 20), 0),  # within a weekend
        (at(22, 9), at(23, 8), 8),  # from Sunday
        (at(23, 9), at(23, 11, 30), 2.5),
        (at(23, 9), at(25, 9), 48),
    ],
)
def test_working_time_runs_on_working_days_only(
    start: datetime, end: datetime, hours: float
) -> None:
    assert working_seconds(start, end.astimezone(UTC), CALENDAR) == hours * 3600


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40 * 1440), st.integers(0, 8 * 1440))
def test_working_time_is_the_sum_of_its_minutes(begin: int, length: int) -> None:
    start = datetime(2026, 9, 15, tzinfo=SHANGHAI) + begin * MINUTE  # holidays and make-up days
    worked = sum(CALENDAR.is_working((start + minute * MINUTE).date()) for minute in range(length))
    assert working_seconds(start, start + length * MINUTE, CALENDAR) == worked * 60


def test_a_period_and_the_one_before_touch() -> None:
    period = latest(30, TODAY)
    assert (period.days, period.last) == (30, TODAY)
    assert (period.before.days, period.before.end) == (30, period.start)
    assert period.end == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert [day_of(day_number(day)) for day in period.each_day()] == period.each_day()


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-11-23", "2026-11-22", "backwards"),
        ("2026-11-24", "2026-11-25", "future"),
        ("2025-11-01", "2026-11-23", "too_long"),
        ("1970-01-01", "1970-01-02", "unreadable"),
        ("", "2026-11-23", "unreadable"),
    ],
)
def test_days_that_make_no_period(first: str, last: str, problem: str) -> None:
    with pytest.raises(BadPeriod) as refused:
        chosen(first, last, TODAY)
    assert refused.value.problem == problem


def test_a_period_ends_today() -> None:
    assert chosen("2026-11-01", "2026-12-31", TODAY) == Period(date(2026, 11, 1), TODAY)
