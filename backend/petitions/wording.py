"""Dates as people say them."""

from __future__ import annotations

from datetime import date, datetime

from backend.petitions.rules import today


def day_words(day: date | None, now: datetime) -> str | None:
    """11月30日; with the year where it is another than now's (Asia/Shanghai)."""
    if day is None:
        return None
    words = f"{day.month}月{day.day}日"
    return words if day.year == today(now).year else f"{day.year}年{words}"
