"""Everything the machine reads in one text: what it is, what it is about, where and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend.triage.alignment import Alignment, align
from backend.triage.classifier import Classifier, Reading
from backend.triage.entities import Entity, EntityReader

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
        aligned = align(text)
        if not aligned.cleaned.text:
            return None
        entities = self._entities.read_entities(aligned.cleaned.text)
        times = _written(text, aligned, entities, "time")
        return WholeReading(
            self._classifier.read(text),
            tuple(_written(text, aligned, entities, "place")),
            times[0].text if times else "",
        )


def _written(
    text: str, aligned: Alignment, entities: Sequence[Entity], kind: str
) -> list[WrittenPlace]:
    found = []
    for each in entities:
        if each.entity == kind:
            start, end = aligned.original(each.start, each.end)
            found.append(WrittenPlace(text[start:end], start, end, each.code))
    return found
