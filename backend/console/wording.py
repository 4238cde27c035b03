"""Times and deadlines as people say them, in Asia/Shanghai."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from backend.petitions.deadline import SHANGHAI, Calendar

SOON_WORKING_DAYS = 2
OPEN_STATES = frozenset({"received", "accepted", "dispatched", "in_progress"})


def iso(at: datetime) -> str:
    """'2026-11-23T08:05:00Z', for machines."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(at: datetime) -> str:
    """'2026年11月23日 16:05'."""
    there = at.astimezone(SHANGHAI)
    return f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"


def day_words(day: date) -> str:
    """'11月23日'."""
    return f"{day.month}月{day.day}日"


def last_day(end: datetime) -> str:
    """The last day before `end`: '12月5日' for the midnight after it."""
    return day_words((end.astimezone(SHANGHAI) - timedelta(microseconds=1)).date())


def moment(at: datetime, now: datetime) -> str:
    """'刚刚', '8 分钟前', '今天 16:05', '昨天 16:05', '11月3日 16:05', '2025年11月3日'."""
    passed = now - at
    if timedelta(0) <= passed < timedelta(minutes=1):
        return "刚刚"
    if timedelta(0) <= passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} 分钟前"
    there, here = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    days = (here.date() - there.date()).days
    if days in (0, 1):
        return f"{'今天' if days == 0 else '昨天'} {there:%H:%M}"
    if there.year == here.year:
        return f"{day_words(there.date())} {there:%H:%M}"
    return f"{there.year}年{day_words(there.date())}"


def file_size(size: int | None) -> str:
    """'12 KB', '3.4 MB', '' where unknown."""
    if size is None:
        return ""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline in words; `tone` is late, soon, fine or none (nothing is due)."""

    tone: str
    words: str
    day: str = ""


def due(state: str, due_on: date | None, now: datetime, calendar: Calendar) -> Due:
    """How the deadline stands today. Days left are working days, days over are calendar days."""
    if state not in OPEN_STATES:
        return Due("none", "")
    if due_on is None:
        return Due("none", "受理后定期限" if state == "received" else "没有期限")
    today = now.astimezone(SHANGHAI).date()
    if due_on < today:
        return Due("late", f"超期 {(today - due_on).days} 天", day_words(due_on))
    if due_on == today:
        return Due("soon", "今天到期", day_words(due_on))
    left = sum(
        calendar.is_working(today + timedelta(days=offset))
        for offset in range(1, (due_on - today).days + 1)
    )
    tone = "soon" if left <= SOON_WORKING_DAYS else "fine"
    return Due(tone, f"还剩 {left} 个工作日", day_words(due_on))
