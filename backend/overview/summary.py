"""From counts to what leaders read: rates, means, shares, the order of lines. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.catalogue import Division
from backend.overview.figures import MEDIAN, P90, Counts

LEVELS = (5, 4, 3, 2, 1)
UNKNOWN_PLACE = ""
SOMEWHERE = "in-"
"""Before a township's code: petitions known to lie in it, but not where."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One period in a few numbers.

    - `received`: petitions that came in; `answered`: those of them that have had an answer
    - `median_wait`, `p90_wait`: seconds of working time to the first answer, of the answered;
      None where there is none
    - `decided` = `on_time` + `late`: answered, or still owed after the deadline; `on_time_rate`
      is on_time / decided
    - `rated`: those with a rating; `levels[level]` how many gave it; `mean_rating` 1 … 5
    - `reopened`: those whose citizen was not content at least once; `reopened_rate` is
      reopened / answered
    - `reminded`: petitions that were urged; `reminders`: how often in all
    """

    received: int
    answered: int
    median_wait: int | None
    p90_wait: int | None
    on_time: int
    late: int
    levels: Mapping[int, int]
    reopened: int
    reminded: int
    reminders: int

    @property
    def decided(self) -> int:
        return self.on_time + self.late

    @property
    def on_time_rate(self) -> float | None:
        return _share(self.on_time, self.decided)

    @property
    def rated(self) -> int:
        return sum(self.levels.values())

    @property
    def mean_rating(self) -> float | None:
        return _share(sum(level * number for level, number in self.levels.items()), self.rated)

    @property
    def reopened_rate(self) -> float | None:
        return _share(self.reopened, self.answered)


@dataclass(frozen=True, slots=True)
class Line:
    """One bar of a chart: `now` in the period, `before` in the one before. `parts`: the lines it
    is the sum of."""

    value: str
    name: str
    now: int
    before: int
    parts: Sequence[Line] = ()


def summarise(counts: Counts) -> Summary:
    """The numbers of one period."""

    def number(dimension: str, value: str) -> int:
        return counts.by[dimension].get(value, 0)

    return Summary(
        received=sum(counts.by["channel"].values()),
        answered=number("answered", "yes"),
        median_wait=counts.waited.get(MEDIAN),
        p90_wait=counts.waited.get(P90),
        on_time=number("timeliness", "on_time"),
        late=number("timeliness", "late"),
        levels={level: number("rating", str(level)) for level in LEVELS},
        reopened=number("reopened", "yes"),
        reminded=number("reminded", "yes"),
        reminders=counts.reminders,
    )


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """What lines without a place, or without a village, are called."""

    unknown: str
    somewhere: str


def lines(dimension: str, names: Mapping[str, str], now: Counts, before: Counts) -> Sequence[Line]:
    """One line per value that occurs, most frequent first; without a name it keeps its code."""
    return _ordered(
        Line(value, names.get(value, value), now_, before_)
        for value, now_, before_ in _pairs(now.by[dimension], before.by[dimension])
    )


def place_lines(
    divisions: Mapping[str, Division], names: PlaceNames, now: Counts, before: Counts
) -> Sequence[Line]:
    """Townships, each with its villages and what is known only to lie somewhere in it; where all
    lies in one township, its villages themselves. At the end what has no known place."""
    parts: dict[str, list[Line]] = {}
    nowhere = [0, 0]
    for value, now_, before_ in _pairs(now.by["place"], before.by["place"]):
        division = divisions.get(value)
        town = township_of(divisions, value)
        if division is None or town is None:
            nowhere[0] += now_
            nowhere[1] += before_
            continue
        part = Line(value, division.name, now_, before_)
        if value == town:
            part = Line(f"{SOMEWHERE}{town}", names.somewhere, now_, before_)
        parts.setdefault(town, []).append(part)
    towns = _ordered(
        Line(
            town,
            divisions[town].name,
            sum(one.now for one in villages),
            sum(one.before for one in villages),
            _ordered(villages),
        )
        for town, villages in parts.items()
    )
    if len(towns) == 1:
        towns = towns[0].parts
    if any(nowhere):
        towns = [*towns, Line(UNKNOWN_PLACE, names.unknown, nowhere[0], nowhere[1])]
    return towns


def township_of(divisions: Mapping[str, Division], code: str) -> str | None:
    """The code of the township a division is, or lies in; None above or outside townships."""
    division = divisions.get(code)
    while division is not None and division.level != "township":
        division = divisions.get(division.parent) if division.parent else None
    return division.code if division else None


def _pairs(now: Mapping[str, int], before: Mapping[str, int]) -> Iterable[tuple[str, int, int]]:
    for value in sorted({*now, *before}):
        yield value, now.get(value, 0), before.get(value, 0)


def _ordered(found: Iterable[Line]) -> Sequence[Line]:
    return sorted(found, key=lambda line: (-line.now, -line.before, line.value))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
