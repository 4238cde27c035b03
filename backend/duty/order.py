"""In which order officers are told of an emergency. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Officer:
    """One entry of the roster. `depth`: of the office in the tree, 1 for the county."""

    id: int
    org_id: int
    depth: int
    user_id: int
    phone: str
    on_date: date | None
    weekday: int | None


def in_order(officers: Sequence[Officer], day: date) -> list[Officer]:
    """Whom to tell on this day, first to last, each person once: the nearest office's first; in an
    office who has this very day, then who has this weekday, then who is always there."""
    on_duty = [
        one
        for one in officers
        if one.on_date in (None, day) and one.weekday in (None, day.weekday())
    ]
    ordered = sorted(on_duty, key=lambda one: (-one.depth, _generality(one), one.id))
    return list({one.user_id: one for one in reversed(ordered)}.values())[::-1]


def _generality(officer: Officer) -> int:
    if officer.on_date is not None:
        return 0
    return 1 if officer.weekday is not None else 2
