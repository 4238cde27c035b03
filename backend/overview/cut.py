"""The part of a period's petitions that one number of the overview counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend.catalogue import Division
from backend.overview.period import Period, day_number
from backend.overview.summary import SOMEWHERE, UNKNOWN_PLACE, township_of

EVERYTHING = "all"
# Figures that count several values of a dimension at once.
_TOGETHER: Mapping[tuple[str, str], Sequence[str]] = {
    ("timeliness", "decided"): ("on_time", "late"),
    ("rating", "rated"): ("1", "2", "3", "4", "5"),
}
_VALUES: Mapping[str, frozenset[str]] = {
    "answered": frozenset({"yes"}),
    "timeliness": frozenset({"on_time", "late", "open", "none"}),
    "rating": frozenset({"1", "2", "3", "4", "5"}),
    "reopened": frozenset({"yes"}),
    "reminded": frozenset({"yes"}),
}


@dataclass(frozen=True, slots=True)
class Cut:
    """`values` of `dimension` (see `facts`), or where `excluding` all but these. `by` and `key`
    are how an address says it."""

    by: str
    key: str
    values: Sequence[str] = ()
    excluding: bool = False

    @property
    def whole(self) -> bool:
        """Nothing is cut away."""
        return self.by == EVERYTHING


WHOLE = Cut(EVERYTHING, "")


class NoSuchCut(ValueError):
    """The address names no figure of the overview."""


def cut_of(
    by: str,
    key: str,
    period: Period,
    domains: Mapping[str, object],
    divisions: Mapping[str, Division],
    channels: Mapping[str, object],
) -> Cut:
    """`by` 'all' or a dimension, `key` one of its values: a day as '2026-11-23', a township for
    all that lies in it, 'decided' or 'rated' for several at once. Raises NoSuchCut."""
    if by == EVERYTHING:
        return WHOLE
    if by == "place":
        return _place(key, divisions)
    if by == "day":
        return Cut(by, key, [str(_day(key, period))])
    if (by, key) in _TOGETHER:
        return Cut(by, key, _TOGETHER[by, key])
    listed = {"domain": domains, "channel": channels, **_VALUES}.get(by, ())
    if key not in listed:
        raise NoSuchCut(by)
    return Cut(by, key, [key])


def _place(key: str, divisions: Mapping[str, Division]) -> Cut:
    if key == UNKNOWN_PLACE:
        within = [code for code in divisions if township_of(divisions, code) is not None]
        return Cut("place", key, within, excluding=True)
    town = key.removeprefix(SOMEWHERE)
    if town != key and township_of(divisions, town) == town:
        return Cut("place", key, [town])
    if township_of(divisions, key) is None:
        raise NoSuchCut("place")
    if divisions[key].level == "township":
        return Cut(
            "place", key, [code for code in divisions if township_of(divisions, code) == key]
        )
    return Cut("place", key, [key])


def _day(key: str, period: Period) -> int:
    try:
        day = date.fromisoformat(key)
    except ValueError:
        raise NoSuchCut("day") from None
    if not period.first <= day <= period.last:
        raise NoSuchCut("day")
    return day_number(day)
