"""The span of days an overview speaks of. Pure; days are Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from backend.petitions.deadline import SHANGHAI

LONGEST_DAYS = 366
_EPOCH = date(1970, 1, 1)


class BadPeriod(ValueError):
    """No such span; `problem` is unreadable, backwards, future or too_long."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of `first` to the end of `last`, both counted."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days just before it: what it is compared with."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    @property
    def start(self) -> datetime:
        """Its first moment, UTC."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it, UTC."""
        return _midnight(self.last + timedelta(days=1))

    def each_day(self) -> Sequence[date]:
        return [self.first + timedelta(days=offset) for offset in range(self.days)]


def latest(days: int, today: date) -> Period:
    """The last `days` days, today among them."""
    return Period(today - timedelta(days=days - 1), today)


def chosen(first: str, last: str, today: date) -> Period:
    """Two days as '2026-11-01'; a last day still to come is today. Raises BadPeriod."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise BadPeriod("unreadable") from None
    if end < begin:
        raise BadPeriod("backwards")
    if begin > today:
        raise BadPeriod("future")
    period = Period(begin, min(end, today))
    if period.days > LONGEST_DAYS:
        raise BadPeriod("too_long")
    if begin.year < _EPOCH.year + 1:
        raise BadPeriod("unreadable")
    return period


def day_number(day: date) -> int:
    """Days since 1970-01-01, as the queries count them."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a `day_number`."""
    return _EPOCH + timedelta(days=number)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
