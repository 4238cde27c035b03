"""Entities of one message: place, time, person, phone, petition number. Read once, in the app."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from backend.data_file import read_yaml
from backend.triage.gazetteer import Gazetteer
from backend.triage.tagger import Tagger

Kind = Literal["place", "time", "person", "phone", "petition_number"]
Span = tuple[int, int]
FindNumbers = Callable[[str], Iterable[tuple[int, int, str]]]

_NUMBER = r"(?:\d+|[零〇一二两三四五六七八九十百]+)"
_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d[- ]?\d{4}[- ]?\d{4})(?!\d)", re.ASCII)
_LANDLINE = re.compile(r"(?<!\d)\(?(0\d{2,3})\)?[- ]?([2-9]\d{6,7})(?!\d)", re.ASCII)
_LOCAL = re.compile(r"(?:电话|座机|联系方式|打)(?:是|为|:)?\s?([2-9]\d{6,7})(?!\d)", re.ASCII)
_HAN = re.compile(r"[一-龥]+")
_JOINED_TAGS = frozenset({"LOC", "ORG", "PER", "nz", "nw", "n", "a", "vn"})
_SHORTEST_OFFICE = 4


class PatternsError(ValueError):
    """places.yml or times.yml is wrong; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Entity:
    """`text[start:end]` of the cleaned text. `value`: the words themselves, digits only for a
    phone, the canonical form for a petition number. `code`: a place's division, where known."""

    entity: Kind
    value: str
    start: int
    end: int
    code: str | None = None


@dataclass(frozen=True)
class Patterns:
    """Compiled from data/rules/places.yml and times.yml by `load_patterns`."""

    suffix: re.Pattern[str]
    tail: re.Pattern[str]
    unit: re.Pattern[str]
    not_names: frozenset[str]
    elsewhere: frozenset[str]
    titled: re.Pattern[str]
    named: re.Pattern[str]
    time: re.Pattern[str]


def load_patterns(folder: Path) -> Patterns:
    """Raises PatternsError."""
    places, times = _read(folder / "places.yml"), _read(folder / "times.yml")
    file = folder / "places.yml"
    try:
        suffixes = "|".join(sorted(map(re.escape, places["suffixes"]), key=len, reverse=True))
        surnames = re.escape(places["surnames"])
        titles = "|".join(map(re.escape, places["titles"]))
        compiled = (
            re.compile(f"(?:{suffixes})$"),
            _any(places["tails"]),
            _any(places["units"]),
            frozenset(places["not_names"]),
            frozenset(places["elsewhere"]),
            re.compile(f"[{surnames}](?:{titles})"),
            re.compile(
                rf"(?:我叫|我是|姓名[:是]?|联系人[:是]?|本人)\s?([{surnames}][一-龥]{{1,2}})"
                r"(?=[,。;\s(]|电话|手机|家住|住在|是|$)"
            ),
        )
        file = folder / "times.yml"
        clock = f"(?:{times['clock']})"
        body = "|".join(f"(?:{e})" for e in times["expressions"])
        body = body.replace("{day}", times["day"]).replace("{clock}", clock)
        pattern = f"{times['openers']}?(?:{body}){times['closers']}?"
        return Patterns(*compiled, re.compile(pattern.replace("{n}", _NUMBER)))
    except (KeyError, TypeError, re.error) as error:
        raise PatternsError(f"{file}: {error!r}") from error


class EntityReader:
    """Reads entities by rules, the deployment's gazetteer and LAC. `find_numbers` finds petition
    numbers (backend.petitions.number.find_numbers)."""

    def __init__(
        self, patterns: Patterns, gazetteer: Gazetteer, tagger: Tagger, find_numbers: FindNumbers
    ) -> None:
        self._patterns = patterns
        self._gazetteer = gazetteer
        self._tagger = tagger
        self._find_numbers = find_numbers

    def know(self, gazetteer: Gazetteer) -> None:
        """Read places by this gazetteer from now on."""
        self._gazetteer = gazetteer

    def read_entities(self, text: str) -> list[Entity]:
        """Entities of cleaned `text` (cleaning.clean), by position, not overlapping."""
        found = [Entity("petition_number", n, s, e) for s, e, n in self._find_numbers(text)]
        found = _without_overlaps(found, _phones(text))
        words = self._words(text)
        times = [Entity("time", m.group(), *m.span()) for m in self._patterns.time.finditer(text)]
        found = _without_overlaps(found, times)
        places = self._places(text, words, [(e.start, e.end) for e in found])
        found = _without_overlaps(found, places)
        found = _without_overlaps(found, self._persons(text, words))
        return sorted(found, key=lambda entity: entity.start)

    def _words(self, text: str) -> list[tuple[int, int, str]]:
        """(start, end, tag) of every word."""
        words, at = [], 0
        for word, tag in self._tagger.tag(text):
            words.append((at, at + len(word), tag))
            at += len(word)
        return words

    def _places(
        self, text: str, words: list[tuple[int, int, str]], taken: list[Span]
    ) -> list[Entity]:
        exact = {(start, end) for start, end, tag in words if tag == "LOC"}
        pieces = [
            span
            for span in self._gazetteer.find(text)
            if not self._gazetteer.is_short(text[slice(*span)]) or span in exact
        ]
        pieces += [m.span() for m in self._patterns.unit.finditer(text)]
        for i, (start, end, tag) in enumerate(words):
            word = text[start:end]
            ends_like_place = self._patterns.suffix.search(word) is not None
            if self._is_place(word, tag, ends_like_place):
                pieces.append((start, end))
            elif ends_like_place and tag in ("n", "nz", "s", "LOC", "ORG"):
                pieces += self._with_name(text, words, i)
        pieces = [p for p in pieces if not any(p[0] < e and s < p[1] for s, e in taken)]
        return [
            Entity("place", text[s:e], s, e, self._gazetteer.resolve(text[s:e]))
            for s, e in self._joined(text, pieces)
            if text[s:e] not in self._patterns.elsewhere
        ]

    def _is_place(self, word: str, tag: str, ends_like_place: bool) -> bool:
        if tag == "ORG":
            return ends_like_place and len(word) >= _SHORTEST_OFFICE
        return tag == "LOC" and len(word) > 1 and word not in self._patterns.not_names

    def _with_name(self, text: str, words: list[tuple[int, int, str]], i: int) -> list[Span]:
        """The word at `i`, which ends like a place, with the name before it, if it has one."""
        start, end, _ = words[i]
        left = start
        for before in reversed(words[max(0, i - 3) : i]):
            word = text[before[0] : before[1]]
            if before[2] not in _JOINED_TAGS or word in self._patterns.not_names:
                break
            left = before[0]
        suffix = self._patterns.suffix.search(text[left:end])
        name = text[left : left + suffix.start()] if suffix else ""
        if len(name) < 2 or name in self._patterns.not_names or not _HAN.fullmatch(name):
            return []
        return [(left, end)]

    def _joined(self, text: str, pieces: list[Span]) -> list[Span]:
        """Pieces that touch or overlap are one place; tails belong to the place before them."""
        joined: list[Span] = []
        for start, end in sorted(pieces):
            while tail := self._patterns.tail.match(text, end):
                end = tail.end()
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined

    def _persons(self, text: str, words: list[tuple[int, int, str]]) -> list[Entity]:
        spans = [m.span(1) for m in self._patterns.named.finditer(text)]
        spans += [
            (start, end)
            for start, end, tag in words
            if tag == "PER" and end - start > 1 and _HAN.fullmatch(text[start:end])
        ]
        spans += [m.span() for m in self._patterns.titled.finditer(text)]
        kept: list[Entity] = []
        for start, end in spans:
            kept = _without_overlaps(kept, [Entity("person", text[start:end], start, end)])
        return kept


def _phones(text: str) -> list[Entity]:
    found = [
        Entity("phone", re.sub(r"\D", "", m.group(1)), *m.span()) for m in _MOBILE.finditer(text)
    ]
    found += [
        Entity("phone", f"{m.group(1)}-{m.group(2)}", *m.span()) for m in _LANDLINE.finditer(text)
    ]
    local = [Entity("phone", m.group(1), *m.span(1)) for m in _LOCAL.finditer(text)]
    return _without_overlaps(found, local)


def _without_overlaps(kept: list[Entity], more: Iterable[Entity]) -> list[Entity]:
    """`kept`, and those of `more` that overlap none of them."""
    return kept + [
        entity
        for entity in more
        if not any(entity.start < other.end and other.start < entity.end for other in kept)
    ]


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns).replace("{n}", _NUMBER))


def _read(file: Path) -> dict[str, Any]:
    try:
        content = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise PatternsError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise PatternsError(f"{file}: a mapping is needed")
    return content
