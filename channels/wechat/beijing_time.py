"""WeChat's days and clock: Beijing's, which know no summer time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def midnight_after(now: datetime) -> datetime:
    """When WeChat's day that holds `now` ends."""
    tomorrow = now.astimezone(BEIJING) + timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)


def written(now: datetime) -> str:
    """As WeChat's templates take a time: 2026年11月23日 09:00."""
    here = now.astimezone(BEIJING)
    return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}"
