"""The patterns of data/rules/places.yml, compiled."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.triage.rule_file import NUMBER, PatternsError, any_of, read_rules


@dataclass(frozen=True)
class PlacePatterns:
    """See data/rules/places.yml. `named` ends a word that is a place by its name, `kind` begins a
    text with a kind of place, `alone` is one without a name, `link` leads on to a further part of
    the same place, `office` ends the name of an office."""

    named: re.Pattern[str]
    kind: re.Pattern[str]
    fittings: frozenset[str]
    premises: re.Pattern[str]
    within: re.Pattern[str]
    alone: re.Pattern[str]
    whereabouts: re.Pattern[str]
    position: re.Pattern[str]
    link: re.Pattern[str]
    tail: re.Pattern[str]
    crossing: re.Pattern[str]
    road: re.Pattern[str]
    cue: re.Pattern[str]
    unit: re.Pattern[str]
    office: re.Pattern[str]
    village_office: re.Pattern[str]
    visit: re.Pattern[str]
    not_names: frozenset[str]
    nameless: re.Pattern[str]
    water: re.Pattern[str]
    outside: re.Pattern[str]

    def office_of(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """The office whose name ends `text[start:end]`, or goes on from it."""
        following = self.office.match(text, end)
        if following:
            return following
        ending = (m for m in self.office.finditer(text, start, end) if m.end() == end)
        return next(ending, None)

    def is_visited(self, text: str, start: int, end: int) -> bool:
        """Whether somebody goes to the office `text[start:end]`, or something is beside it."""
        if self.position.match(text, end):
            return True
        return self.visit.search(text[max(0, start - 2) : start]) is not None


def load_place_patterns(folder: Path) -> PlacePatterns:
    """Raises PatternsError."""
    file = folder / "places.yml"
    content: dict[str, Any] = read_rules(file)
    try:
        kinds = _longest_first(content["kinds"])
        positions = _words(content["positions"])
        offices = _longest_first([*content["offices"], *content["village_offices"]])
        before, not_before = content["before_alone"], content["not_before"]
        return PlacePatterns(
            named=re.compile(f"(?:{_longest_first([*content['suffixes'], *content['kinds']])})$"),
            kind=re.compile(f"[老新旧]?(?:{kinds})"),
            fittings=frozenset(content["fittings"]),
            premises=re.compile(content["premises"]),
            within=re.compile(content["within"]),
            alone=re.compile(
                f"(?P<not>{not_before})?(?:{before}{{0,2}}(?:{_longest_first(content['alone'])})"
                f"|{content['levels']}(?:{kinds}))"
            ),
            whereabouts=re.compile(
                f"(?P<not>{not_before})?{before}?(?:{_words(content['whereabouts'])})"
                f"(?=(?:的)?(?:{positions}))"
            ),
            position=re.compile(positions),
            link=re.compile(f"的|(?:{_words(content['links'])})(?:的)?(?:小|大|老|那家|一家)?"),
            tail=any_of(content["tails"]),
            crossing=re.compile(content["crossings"]),
            road=re.compile(content["roads"]),
            cue=re.compile(content["cues"]),
            unit=any_of(content["units"]),
            office=re.compile(offices),
            village_office=re.compile(_words(content["village_offices"])),
            visit=re.compile(content["visits"]),
            not_names=frozenset(content["not_names"]),
            nameless=re.compile(content["nameless"].replace("{n}", NUMBER)),
            water=re.compile(content["waters"]),
            outside=re.compile(_words(content["outside"])),
        )
    except (KeyError, TypeError, AttributeError, re.error) as error:
        raise PatternsError(f"{file}: {error!r}") from error


def _longest_first(patterns: Iterable[str]) -> str:
    """Alternatives, the longest first, so that the longest is found."""
    return "|".join(sorted(patterns, key=len, reverse=True))


def _words(words: Iterable[str]) -> str:
    return _longest_first(map(re.escape, words))
