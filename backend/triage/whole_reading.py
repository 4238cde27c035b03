"""Everything the machine reads in one text: what it is, what it is about, where and since when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from backend.triage.classifier import Classifier, Reading
from backend.triage.cleaning import clean
from backend.triage.entities import EntityReader

_REMEMBERED = 4_096
_SHORT = 300
"""Characters. Longer texts seldom come again, and would fill the memory."""


@dataclass(frozen=True, slots=True)
class WrittenPlace:
    """`text` is `original[start:end]`; `code` its division, None where that is not certain."""

    text: str
    start: int
    end: int
    code: str | None


@dataclass(frozen=True, slots=True)
class WholeReading:
    """`since`: the words of the first time that is named, '' for none."""

    triage: Reading
    places: tuple[WrittenPlace, ...]
    since: str


class WholeReader:
    """Reads texts as they were written. What it has read lately it knows by heart: the same text
    comes again and again in lists of petitions."""

    def __init__(self, classifier: Classifier, entities: EntityReader) -> None:
        self._classifier = classifier
        self._entities = entities
        self._by_heart = lru_cache(_REMEMBERED)(self._read)

    def read(self, text: str) -> WholeReading | None:
        """None for a text that says nothing: empty, blanks, signs nobody can read."""
        return self._by_heart(text) if len(text) <= _SHORT else self._read(text)

    def _read(self, text: str) -> WholeReading | None:
        if not clean(text).text:
            return None
        entities = self._entities.read_written(text)
        places = [each for each in entities if each.entity == "place"]
        times = [text[each.start : each.end] for each in entities if each.entity == "time"]
        return WholeReading(
            self._classifier.read(text),
            tuple(WrittenPlace(text[p.start : p.end], p.start, p.end, p.code) for p in places),
            times[0] if times else "",
        )
