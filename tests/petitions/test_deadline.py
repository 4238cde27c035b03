from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.petitions.deadline import (
    SHANGHAI,
    CalendarError,
    WorkingCalendar,
    due_date,
    load_calendar,
)

TABLE = Path(__file__).parents[2] / "data" / "catalogue" / "working_days.yml"
CALENDAR = load_calendar(TABLE)


def at(day: str, hour: int = 9) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI).replace(
        hour=hour
    )


@pytest.mark.parametrize(
    ("start", "working_days", "due"),
    [
        ("2026-11-23", 1, "2026-11-24"),  # Monday
        ("2026-11-23", 5, "2026-11-30"),
        ("2026-11-27", 1, "2026-11-30"),  # Friday to Monday
        ("2026-11-28", 1, "2026-11-30"),  # received on a Saturday
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-28", 0, "2026-11-30"),
        # National Day: closed 1 to 7 October, Saturday 10 October and Sunday 20 September worked
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-30", 3, "2026-10-10"),
        ("2026-09-30", 4, "2026-10-12"),
        ("2026-09-18", 1, "2026-09-20"),
        ("2026-10-03", 2, "2026-10-09"),
        # Spring Festival: 15 to 23 February closed, 14 and 28 February worked
        ("2026-02-13", 1, "2026-02-14"),
        ("2026-02-13", 2, "2026-02-24"),
        ("2026-02-27", 1, "2026-02-28"),
        # Labour Day: 9 May worked
        ("2026-04-30", 4, "2026-05-09"),
        # 2027 has no table yet: public holidays and weekends only
        ("2026-12-31", 1, "2027-01-04"),
    ],
)
def test_due_dates(start: str, working_days: int, due: str) -> None:
    assert due_date(at(start), working_days, CALENDAR) == date.fromisoformat(due)


def test_the_day_is_the_day_in_shanghai() -> None:
    late_on_monday_in_utc = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # Tuesday 01:30
    assert due_date(late_on_monday_in_utc, 1, CALENDAR) == date(2026, 11, 25)


def test_a_table_wins_over_the_built_in_calendar(tmp_path: Path) -> None:
    file = tmp_path / "working_days.yml"
    file.write_text(
        "years:\n  2027:\n    closed: [2027-03-01..2027-03-02]\n    working: [2027-10-01]\n"
    )
    calendar = load_calendar(file)
    assert due_date(at("2027-02-26"), 1, calendar) == date(2027, 3, 3)
    assert due_date(at("2027-09-30"), 1, calendar) == date(2027, 10, 1)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("years: {2027: {closed: [tomorrow]}}", "tomorrow"),
        ("years: {2027: {closed: [2026-01-01]}}", "2027"),
        ("years: {2027: {closed: [2027-01-03..2027-01-01]}}", "2027-01-03"),
        ("years: {2027: {open: []}}", "years.2027"),
        ("years: {2027: {closed: [2027-01-04], working: [2027-01-04]}}", "2027-01-04"),
        ("years: {2027: {closed: 3}}", "closed"),
        ("[]", "years"),
        ("{", "working_days.yml"),
    ],
)
def test_a_wrong_table_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "working_days.yml"
    file.write_text(text)
    with pytest.raises(CalendarError, match=named) as caught:
        load_calendar(file)
    assert "working_days.yml" in str(caught.value)


def test_naive_times_and_impossible_spans_are_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        due_date(datetime(2026, 11, 23), 1, CALENDAR)
    with pytest.raises(ValueError, match="working_days"):
        due_date(at("2026-11-23"), -1, CALENDAR)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(min_value=1, max_value=60),
)
def test_the_due_day_works_and_the_count_is_exact(start: datetime, working_days: int) -> None:
    due = due_date(start.replace(tzinfo=SHANGHAI), working_days, CALENDAR)
    between = [
        start.date() + timedelta(days=offset) for offset in range(1, (due - start.date()).days + 1)
    ]
    assert CALENDAR.is_working(due)
    assert sum(CALENDAR.is_working(day) for day in between) == working_days


def test_a_bare_calendar_still_knows_public_holidays() -> None:
    bare = WorkingCalendar()
    assert not bare.is_working(date(2027, 10, 1))
    assert not bare.is_working(date(2027, 3, 6))
    assert bare.is_working(date(2027, 3, 8))
