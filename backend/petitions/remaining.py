"""How much time is left to answer, as a choice of the queue. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.petitions.deadline import Calendar, due_date
from backend.petitions.rules import today

REMAINING = ("overdue", "today", "soon", "later")
SOON_WORKING_DAYS = 3


def remaining_days(name: str, now: datetime, calendar: Calendar) -> tuple[date | None, date | None]:
    """First and last deadline (both included, None: open) of what is overdue, due today, due
    within three working days (today included), or later. Raises ValueError for another name."""
    day = today(now)
    soon = due_date(now, SOON_WORKING_DAYS, calendar)
    one_day = timedelta(days=1)
    spans: dict[str, tuple[date | None, date | None]] = {
        "overdue": (None, day - one_day),
        "today": (day, day),
        "soon": (day, soon),
        "later": (soon + one_day, None),
    }
    if name not in spans:
        raise ValueError(f"remaining {name!r}")
    return spans[name]
