"""Deadlines in working days, in Asia/Shanghai.

China moves working days around its holidays each year by an announcement of the State Council, so
a calendar is `holidays` (public holidays and the make-up days it knows) with the deployment's own
table on top (`data/catalogue/working_days.yml`), which always wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import yaml

from backend.data_file import read_yaml

if TYPE_CHECKING:
    from holidays import HolidayBase

SHANGHAI = ZoneInfo("Asia/Shanghai")
_LONGEST = 2_000


class Calendar(Protocol):
    """Knows working days."""

    def is_working(self, day: date) -> bool: ...


class CalendarError(ValueError):
    """The table of working days is wrong; the message names the file and the entry."""


@dataclass(frozen=True)
class WorkingCalendar:
    """Public holidays of China under the deployment's own closed and make-up days."""

    closed: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    @cached_property
    def _public(self) -> HolidayBase:
        # The package brings in every country of the world; nobody shall wait for that at a start.
        import holidays

        return holidays.country_holidays("CN")

    def is_working(self, day: date) -> bool:
        """True on a working day: the table first, then public holidays and weekends."""
        if day in self.working:
            return True
        if day in self.closed:
            return False
        return bool(self._public.is_working_day(day))


def load_calendar(file: Path) -> WorkingCalendar:
    """Read working_days.yml. Raises CalendarError."""
    try:
        return build_calendar(read_yaml(file) or {}, file)
    except (OSError, yaml.YAMLError) as error:
        raise CalendarError(f"{file}: {error}") from error


def build_calendar(content: object, file: Path) -> WorkingCalendar:
    """Check `years: {2026: {closed: […], working: […]}}`, entries single days (2026-10-08) or
    spans (2026-10-01..2026-10-07). Raises CalendarError naming `file`."""
    years = content.get("years") if isinstance(content, dict) else None
    if not isinstance(years, dict):
        raise CalendarError(f"{file}: expected a mapping 'years'")
    closed: set[date] = set()
    working: set[date] = set()
    for year, table in years.items():
        if not isinstance(table, dict) or not set(table) <= {"closed", "working"}:
            raise CalendarError(f"{file}: years.{year}: expected only 'closed' and 'working'")
        for name, days in (("closed", closed), ("working", working)):
            days.update(_days(file, year, name, table.get(name) or []))
    both = sorted(closed & working)
    if both:
        raise CalendarError(f"{file}: {both[0]} is both closed and working")
    return WorkingCalendar(frozenset(closed), frozenset(working))


def due_date(start: datetime, working_days: int, calendar: Calendar) -> date:
    """The last day of a deadline of `working_days`, a date in Asia/Shanghai.

    The day of `start` (timezone-aware) does not count; the first working day after it is day one.
    Zero working days means the same day, or the next working day if that one is closed. Raises
    ValueError for a naive start or a number outside 0 … 2,000.
    """
    if start.tzinfo is None:
        raise ValueError("due_date needs a timezone-aware start")
    if not 0 <= working_days <= _LONGEST:
        raise ValueError(f"working_days lies in 0 … {_LONGEST}, not {working_days}")
    day = start.astimezone(SHANGHAI).date()
    if working_days == 0:
        while not calendar.is_working(day):
            day += timedelta(days=1)
        return day
    left = working_days
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working(day)
    return day


def _days(file: Path, year: object, name: str, entries: object) -> Iterable[date]:
    if not isinstance(entries, list):
        raise CalendarError(f"{file}: years.{year}.{name}: expected a list of days")
    for entry in entries:
        first, last = _span(file, f"years.{year}.{name}", entry)
        if first.year != year or last.year != year or last < first:
            raise CalendarError(f"{file}: years.{year}.{name}: {entry} does not lie in {year}")
        for offset in range((last - first).days + 1):
            yield first + timedelta(days=offset)


def _span(file: Path, where: str, entry: Any) -> tuple[date, date]:
    if isinstance(entry, date) and not isinstance(entry, datetime):
        return entry, entry
    first, _, last = str(entry).partition("..")
    try:
        return date.fromisoformat(first.strip()), date.fromisoformat((last or first).strip())
    except ValueError as error:
        raise CalendarError(f"{file}: {where}: {entry!r} is no day or span") from error
