"""Entities of one message: places, times, people, offices, money, numbers. Read in the app."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from backend.catalogue import Unit
from backend.triage.alignment import align
from backend.triage.amounts import find_amounts
from backend.triage.gazetteer import Gazetteer
from backend.triage.name_patterns import NamePatterns, load_name_patterns
from backend.triage.names import NameReader
from backend.triage.offices import OfficeBook, OfficePatterns, load_office_patterns
from backend.triage.personal_numbers import (
    NumberPatterns,
    find_phones,
    load_number_patterns,
)
from backend.triage.place_patterns import PlacePatterns, load_place_patterns
from backend.triage.place_pieces import Word
from backend.triage.places import PlaceReader
from backend.triage.rule_file import NUMBER, PatternsError, read_rules
from backend.triage.since import since
from backend.triage.tagger import Tagger, worded

Kind = Literal["place", "time", "person", "phone", "petition_number", "office", "amount"]
FindNumbers = Callable[[str], Iterable[tuple[int, int, str]]]


@dataclass(frozen=True, slots=True)
class Entity:
    """`text[start:end]` of the text that was read. `value`: the words themselves; digits only for a
    phone, the canonical form for a petition number, '3200元' or '1500元/月' for an amount. `code`:
    a place's division or an office's unit, where known. `date`: since when a time tells of
    ('2026-03-05', '2026-03', '2025'). `aside`: a place where the matter is not."""

    entity: Kind
    value: str
    start: int
    end: int
    code: str | None = None
    date: str | None = None
    aside: bool = False


@dataclass(frozen=True)
class Patterns:
    """Everything of data/rules that entities are read by, compiled by `load_patterns`."""

    places: PlacePatterns
    names: NamePatterns
    numbers: NumberPatterns
    offices: OfficePatterns
    time: re.Pattern[str]


def load_patterns(folder: Path) -> Patterns:
    """Raises PatternsError."""
    return Patterns(
        load_place_patterns(folder),
        load_name_patterns(folder),
        load_number_patterns(folder),
        load_office_patterns(folder),
        _load_times(folder / "times.yml"),
    )


class EntityReader:
    """Reads entities by rules, the deployment's gazetteer and organisation, and LAC. `find_numbers`
    finds petition numbers (backend.petitions.number.find_numbers). Any thread may use it."""

    def __init__(
        self,
        patterns: Patterns,
        gazetteer: Gazetteer,
        tagger: Tagger,
        find_numbers: FindNumbers,
        organisation: Mapping[str, Unit] | None = None,
    ) -> None:
        self._patterns = patterns
        self._tagger = tagger
        self._find_numbers = find_numbers
        self._names = NameReader(patterns.names)
        self.know(gazetteer, organisation)

    def know(self, gazetteer: Gazetteer, organisation: Mapping[str, Unit] | None = None) -> None:
        """Read places and offices by these from now on; without an organisation offices have no
        code."""
        self.gazetteer = gazetteer
        self._places = PlaceReader(self._patterns.places, gazetteer)
        self._offices = OfficeBook(self._patterns.offices, organisation or {})

    def read_written(self, text: str, today: date | None = None) -> list[Entity]:
        """Entities of `text` as somebody wrote it: start and end count in it (in
        cleaning.storable of it), whatever cleaning did. Values are those of `read_entities`."""
        alignment = align(text)
        found = []
        for each in self.read_entities(alignment.cleaned.text, today):
            start, end = alignment.original(each.start, each.end)
            found.append(replace(each, start=start, end=end))
        return found

    def read_entities(self, text: str, today: date | None = None) -> list[Entity]:
        """Entities of cleaned `text` (cleaning.clean), by position, not overlapping. Times get a
        date where `today` (Shanghai's) is told."""
        found = [Entity("petition_number", n, s, e) for s, e, n in self._find_numbers(text)]
        phones = find_phones(text, self._patterns.numbers)
        found = _without_overlaps(found, (Entity("phone", n, s, e) for s, e, n in phones))
        tagged, perhaps = self._tagger.tag_with_persons(text)
        words = worded(tagged)
        found = _without_overlaps(found, self._times(text, today))
        taken = [(each.start, each.end) for each in found]
        places = (
            Entity("place", text[p.start : p.end], p.start, p.end, p.code, aside=p.aside)
            for p in self._places.read(text, words, taken)
        )
        found = _without_overlaps(found, places)
        found = _without_overlaps(found, self._named_offices(text, words))
        amounts = (Entity("amount", a.value, a.start, a.end) for a in find_amounts(text))
        found = _without_overlaps(found, amounts)
        persons = (
            Entity("person", text[slice(*name.whole)], *name.whole)
            for name in self._names.find(text, words, perhaps)
        )
        return sorted(_without_overlaps(found, persons), key=lambda entity: entity.start)

    def _named_offices(self, text: str, words: list[Word]) -> Iterable[Entity]:
        for office in self._offices.find(text):
            start = office.start
            if office.code is None:  # 兴隆 of 兴隆街道办事处 is in no book
                named = (s for s, e, tag in words if tag in ("LOC", "ORG") and s < start <= e)
                start = next(named, start)
            yield Entity("office", text[start : office.end], start, office.end, office.code)

    def _times(self, text: str, today: date | None) -> Iterable[Entity]:
        for found in self._patterns.time.finditer(text):
            when = since(found.group(), today) if today else None
            yield Entity("time", found.group(), *found.span(), date=when)


def _without_overlaps(kept: list[Entity], more: Iterable[Entity]) -> list[Entity]:
    """`kept`, and those of `more` that overlap none before them."""
    found = kept.copy()
    for entity in more:
        if not any(entity.start < other.end and other.start < entity.end for other in found):
            found.append(entity)
    return found


def _load_times(file: Path) -> re.Pattern[str]:
    times = read_rules(file)
    try:
        clock = f"(?:{times['clock']})"
        body = "|".join(f"(?:{e})" for e in times["expressions"])
        body = body.replace("{day}", times["day"]).replace("{clock}", clock)
        pattern = f"{times['openers']}?(?:{body}){times['closers']}?"
        return re.compile(pattern.replace("{n}", NUMBER))
    except (KeyError, TypeError, re.error) as error:
        raise PatternsError(f"{file}: {error!r}") from error
