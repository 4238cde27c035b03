"""Working time: the time of a clock that runs, day and night, on working days only.

A working day has 24 hours of it, any other day none. So a matter that comes on Friday at 16:00 and
is answered on Monday at 10:00 has waited 18 hours, three quarters of a working day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.overview.period import day_number
from backend.petitions.deadline import SHANGHAI, Calendar

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day of the table queries reckon with: how many working days lie between the table's first
    day and this one (not counted), and whether this one is worked (1 or 0)."""

    number: int
    before: int
    worked: int


def working_days(first: date, last: date, calendar: Calendar) -> list[WorkingDay]:
    """The table from `first` to `last`."""
    table: list[WorkingDay] = []
    before = 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        worked = int(calendar.is_working(day))
        table.append(WorkingDay(day_number(day), before, worked))
        before += worked
    return table


def working_seconds(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Whole seconds of working time from `start` to `end`, both timezone-aware."""
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    table = working_days(first.date(), last.date(), calendar)

    def passed(at: datetime, day: WorkingDay) -> int:
        of_day = at.hour * 3600 + at.minute * 60 + at.second
        return day.before * DAY_SECONDS + day.worked * of_day

    return passed(last, table[-1]) - passed(first, table[0])
