"""From counts of readings to what the page shows: shares by week, by value, and mistaken pairs.
Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.learning.drift import FIELDS, ReadCount, week_of
from backend.overview.period import Period

MOST_PAIRS = 12


@dataclass(frozen=True, slots=True)
class Share:
    """`corrected` of `looked_at` readings were wrong."""

    looked_at: int = 0
    corrected: int = 0

    @property
    def share(self) -> float | None:
        return self.corrected / self.looked_at if self.looked_at else None


@dataclass(frozen=True, slots=True)
class Pair:
    """What the machine takes for what, and how often."""

    field: str
    read: str
    said: str
    number: int


def weekly(counts: Iterable[ReadCount], period: Period) -> Mapping[date, Mapping[str, Share]]:
    """Every week of the period, oldest first, also those without anything: field → share."""
    shares = _shares(counts, lambda one: (one.week, one.field))
    first = week_of(period.first)
    weeks = [first + timedelta(weeks=n) for n in range((period.last - first).days // 7 + 1)]
    return {week: {field: shares.get((week, field), Share()) for field in FIELDS} for week in weeks}


def by_value(counts: Iterable[ReadCount], field: str) -> Sequence[tuple[str, Share]]:
    """Values the machine read, those most often wrong first."""
    shares = _shares((one for one in counts if one.field == field), lambda one: one.read)
    return sorted(shares.items(), key=lambda one: (-one[1].corrected, -one[1].looked_at, one[0]))


def by_model(counts: Iterable[ReadCount], field: str) -> Mapping[str, Share]:
    """By the version of the model that read."""
    return _shares((one for one in counts if one.field == field), lambda one: one.model)


def pairs(counts: Iterable[ReadCount], fields: Sequence[str]) -> Sequence[Pair]:
    """The `MOST_PAIRS` most frequent mistakes."""
    found: Counter[tuple[str, str, str]] = Counter()
    for one in counts:
        if one.said is not None and one.field in fields:
            found[one.field, one.read, one.said] += one.number
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return [Pair(*key, number) for key, number in ordered[:MOST_PAIRS]]


def _shares[K](counts: Iterable[ReadCount], key: Callable[[ReadCount], K]) -> Mapping[K, Share]:
    looked_at: Counter[K] = Counter()
    corrected: Counter[K] = Counter()
    for one in counts:
        looked_at[key(one)] += one.number
        if one.said is not None:
            corrected[key(one)] += one.number
    return {each: Share(looked_at[each], corrected[each]) for each in looked_at}
