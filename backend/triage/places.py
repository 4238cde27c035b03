"""Places in a text: pieces found by name, by kind and by number, joined to one span each."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.triage.gazetteer import Gazetteer
from backend.triage.place_patterns import PlacePatterns
from backend.triage.place_pieces import PieceFinder, Span, Word

_AND = re.compile(r"[与和跟、/]|以及")
_TOWNSHIP = re.compile("镇|乡|街道|县")
_TOWNSHIP_ENDS = re.compile(f"(?:{_TOWNSHIP.pattern})$")
_DENIED = re.compile(r"(?:(?<!是)不是|(?<!在)不在|并非)(?:在)?$")


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]`; `code` of its division, None if unknown or ambiguous. `aside`: it is not
    where the matter is, for it lies elsewhere in the country or the writer says it is wrong."""

    start: int
    end: int
    code: str | None
    aside: bool = False


class PlaceReader:
    """Reads places by patterns, the deployment's gazetteer and LAC's words."""

    def __init__(self, patterns: PlacePatterns, gazetteer: Gazetteer) -> None:
        self._patterns = patterns
        self._gazetteer = gazetteer
        self._finder = PieceFinder(patterns, gazetteer)

    def read(self, text: str, words: list[Word], taken: list[Span]) -> list[Place]:
        """Places of cleaned `text` whose `words` (start, end, LAC's tag) are given, by position,
        none overlapping a span of `taken`."""
        found = self._finder.find(text, words)
        pieces = [p for p in found if not any(p[0] < e and s < p[1] for s, e in taken)]
        spans = self._joined(text, pieces, {w[0]: w for w in words})
        return list(self._resolved(text, self._counting(text, spans)))

    def _joined(self, text: str, pieces: Iterable[Span], words: dict[int, Word]) -> list[Span]:
        """Pieces that touch, overlap or are linked are one place; what belongs to a place by its
        kind or number is added."""
        joined: list[Span] = []
        waiting = sorted(set(pieces), key=lambda p: (p[0], -p[1]))
        while waiting:
            start, end = waiting.pop(0)
            while True:
                grown = self._grown(text, end, waiting)
                if grown == end:
                    grown = self._with_premises(text, end, words)
                if grown == end:
                    break
                end = grown
            joined.append((start, end))
            waiting = [p for p in waiting if p[1] > end]
        return joined

    def _grown(self, text: str, end: int, waiting: list[Span]) -> int:
        """Where the place that reaches to `end` really ends, one step on."""
        for start, further in waiting:
            if start <= end < further:
                return further
        if tail := self._patterns.tail.match(text, end):
            return tail.end()
        kind = self._patterns.kind.match(text, end)
        if kind and kind[0] not in self._patterns.fittings:
            return kind.end()
        link = self._patterns.link.match(text, end)
        if link:
            kind = self._patterns.kind.match(text, link.end())
            if kind and link[0] != "的":
                return kind.end()
            for start, further in waiting:
                if start == link.end():
                    return further
        conjunction = _AND.match(text, end)
        if conjunction:
            for start, further in waiting:
                crossing = self._patterns.crossing.match(text, further)
                if start == conjunction.end() and crossing:
                    return crossing.end()
        if text[end : end + 1] == " ":
            for start, further in waiting:
                if start == end + 1 and self._lies_within(text, end, start, further):
                    return further
        return end

    def _lies_within(self, text: str, end: int, start: int, further: int) -> bool:
        """Whether what stands behind a blank is a part of the place before it: '3组', or any place
        that names no township of its own behind one ('柳河镇 石板村')."""
        if self._patterns.unit.fullmatch(text, start, further):
            return True
        return bool(_TOWNSHIP_ENDS.search(text[:end]) and not _TOWNSHIP.search(text[start:further]))

    def _with_premises(self, text: str, end: int, words: dict[int, Word]) -> int:
        """Where the place that reaches to `end` ends with the shop or works named after it."""
        _, further, tag = words.get(end, (end, end, ""))
        word = text[end:further]
        if tag != "n" or not self._patterns.premises.fullmatch(word):
            return end
        return end if self._patterns.within.fullmatch(word) else further

    def _counting(self, text: str, spans: list[Span]) -> Iterator[Span]:
        """Spans without offices that act; of a village's office the village."""
        for start, end in spans:
            office = self._patterns.office_of(text, start, end)
            if office is None:
                yield start, end
            elif self._patterns.is_visited(text, start, office.end()):
                yield start, office.end()
            elif self._patterns.village_office.fullmatch(office[0]) and office.start() > start:
                yield start, office.start()

    def _resolved(self, text: str, spans: Iterable[Span]) -> Iterator[Place]:
        before: Place | None = None
        for start, end in spans:
            name = text[start:end]
            outside = self._patterns.outside.match(name) is not None
            unsure = outside or (
                self._gazetteer.is_short(name) and self._patterns.water.match(text, end)
            )
            code = None if unsure else self._gazetteer.resolve(name)
            if (
                code is None
                and before is not None
                and _AND.fullmatch(text, before.end, start)
                and self._patterns.unit.fullmatch(name)
            ):
                code = before.code
            denied = _DENIED.search(text[max(0, start - 3) : start]) is not None
            before = Place(start, end, code, outside or denied)
            yield before
