"""What the answers to one question come to: shares, mean, quartiles, a histogram. Pure.

Values come with how often each was given, so 20,000 answers cost no more than their kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SATISFIED = 2  # of five levels, worst first: the upper two
MOST_BARS = 10


@dataclass(frozen=True, slots=True)
class ScaleFigures:
    """Of five levels, 1 the worst: their mean, and the share (0 … 1) of the upper two. None where
    nobody answered."""

    mean: float | None
    satisfied: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """From `lowest` to less than `below`; just `lowest` where the two are the same."""

    lowest: float
    below: float
    count: int


@dataclass(frozen=True, slots=True)
class NumberFigures:
    """Of the numbers given; None and () where there are none."""

    mean: float | None
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    least: float | None
    greatest: float | None
    bars: Sequence[Bar]


def scale_figures(counts: Sequence[int]) -> ScaleFigures:
    """`counts` of the levels, worst first."""
    total = sum(counts)
    if not total:
        return ScaleFigures(None, None)
    mean = sum(level * count for level, count in enumerate(counts, 1)) / total
    return ScaleFigures(mean, sum(counts[-SATISFIED:]) / total)


def number_figures(counts: Mapping[float, int]) -> NumberFigures:
    """`counts`: how often each number was given."""
    values = sorted(value for value, count in counts.items() if count)
    total = sum(counts.values())
    if not total:
        return NumberFigures(None, None, None, None, None, None, ())
    return NumberFigures(
        sum(value * count for value, count in counts.items()) / total,
        _quantile(values, counts, total, 0.5),
        _quantile(values, counts, total, 0.25),
        _quantile(values, counts, total, 0.75),
        values[0],
        values[-1],
        _bars(values, counts),
    )


def _quantile(
    values: Sequence[float], counts: Mapping[float, int], total: int, share: float
) -> float:
    """Between the two nearest where `share` falls between them, as spreadsheets reckon it."""
    place = share * (total - 1)
    lower, upper = math.floor(place), math.ceil(place)
    low = _at(values, counts, lower)
    return low + (_at(values, counts, upper) - low) * (place - lower)


def _at(values: Sequence[float], counts: Mapping[float, int], place: int) -> float:
    """The answer at `place` (from 0) once all are in order."""
    passed = 0
    for value in values:
        passed += counts[value]
        if passed > place:
            return value
    return values[-1]


def _bars(values: Sequence[float], counts: Mapping[float, int]) -> Sequence[Bar]:
    """A bar for each number where they are few, else up to `MOST_BARS` equally wide ones."""
    if len(values) <= MOST_BARS:
        return [Bar(value, value, counts[value]) for value in values]
    first = math.floor(values[0])
    width = _round_width((math.floor(values[-1]) - first + 1) / MOST_BARS)
    first = first // width * width
    number = math.floor((values[-1] - first) // width) + 1
    found = [0] * number
    for value in values:
        found[math.floor((value - first) // width)] += counts[value]
    return [
        Bar(first + width * place, first + width * (place + 1), count)
        for place, count in enumerate(found)
    ]


def _round_width(least: float) -> int:
    """The next of 1, 2, 5, 10, 20, 50 …: bars begin where people would begin them."""
    power = 10 ** math.floor(math.log10(max(least, 1)))
    return int(next(step * power for step in (1, 2, 5, 10) if step * power >= least))
