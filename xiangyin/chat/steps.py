"""What a citizen, time and an official can do in a chat."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Say:
    """The citizen writes."""

    text: str


@dataclass(frozen=True, slots=True)
class Photo:
    """The citizen sends the picture at a path; '' for any picture."""

    file: str


@dataclass(frozen=True, slots=True)
class Place:
    """The citizen sends a location from the phone, in degrees."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Follow:
    """The citizen subscribes to the WeChat account."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nobody writes."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Answer:
    """An official answers the citizen's newest petition."""

    text: str


Step = Say | Photo | Place | Follow | Wait | Answer

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*|分钟|分|小时|时|天|日)\s*", re.IGNORECASE)
_UNITS = {
    "minutes": ("m", "min", "minute", "minutes", "分钟", "分"),
    "hours": ("", "h", "hour", "hours", "小时", "时"),
    "days": ("d", "day", "days", "天", "日"),
}
_LONGEST_HOURS = 24 * 366


def duration(words: str) -> timedelta | None:
    """24h, 30m, 2d, 3天; a bare number means hours. None for anything else, and for more than a
    year."""
    found = _DURATION.fullmatch(words)
    if found is None:
        return None
    unit = next((name for name, known in _UNITS.items() if found[2].lower() in known), None)
    if unit is None or float(found[1]) > _LONGEST_HOURS:
        return None
    time = timedelta(**{unit: float(found[1])})
    return time if time <= timedelta(hours=_LONGEST_HOURS) else None
