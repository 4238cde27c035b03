"""How well places and personal data are read, on tests/triage/gold.

`python -m tests.triage.gold_scores` tells the figures of both halves, and what went wrong in the
half `development`. Of the half `held_out` nothing is ever shown but its figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml
from backend.petitions.number import find_numbers
from backend.triage.alignment import align
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.gazetteer import Gazetteer
from backend.triage.masking import Masker, load_masker
from backend.triage.tagger import Tagger, worded

DATA = Path(__file__).parents[2] / "data"
GOLD = Path(__file__).with_name("gold")
HALVES = ("development", "held_out")

Span = tuple[int, int]
FindPlaces = Callable[[str], Iterable[Span]]


@dataclass(frozen=True)
class PlaceScores:
    """`right` of `found` spans are exactly those of the `wanted`; of the right ones `coded` have
    the right division, or rightly none."""

    right: int
    found: int
    wanted: int
    coded: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.found

    @property
    def recall(self) -> float:
        return self.right / self.wanted

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.wanted)


@dataclass(frozen=True)
class MaskingScores:
    """Personal data `masked` of all `wanted`, every character of it; `right` of what was `found`
    touches any. Numbers that lead to nobody: `kept` of `others`."""

    masked: int
    wanted: int
    right: int
    found: int
    kept: int = 0
    others: int = 0

    @property
    def recall(self) -> float:
        return self.masked / self.wanted

    @property
    def precision(self) -> float:
        return self.right / self.found


def entity_reader() -> EntityReader:
    catalogue = load_catalogue(DATA / "catalogue")
    return EntityReader(
        load_patterns(DATA / "rules"),
        Gazetteer(catalogue.divisions),
        Tagger(),
        find_numbers,
        catalogue.organisation,
    )


def rows(name: str, half: str) -> list[dict[str, Any]]:
    return list(read_yaml(GOLD / f"{name}.yml")[half])


def place_scores(half: str, reader: EntityReader) -> PlaceScores:
    right = found = wanted = coded = 0
    for row in rows("places", half):
        expected = {_span(place): place["code"] for place in row["places"]}
        got = {
            (each.start, each.end): each.code
            for each in reader.read_written(row["text"])
            if each.entity == "place"
        }
        same = expected.keys() & got.keys()
        right, found, wanted = right + len(same), found + len(got), wanted + len(expected)
        coded += sum(expected[span] == got[span] for span in same)
    return PlaceScores(right, found, wanted, coded)


def lac_scores(half: str) -> PlaceScores:
    """What LAC alone finds: its words LOC, joined where they touch."""
    tagger = Tagger()
    right = found = wanted = 0
    for row in rows("places", half):
        alignment = align(row["text"])
        got: list[Span] = []
        for start, end, tag in worded(tagger.tag(alignment.cleaned.text)):
            if tag == "LOC" and got and got[-1][1] == start:
                got[-1] = (got[-1][0], end)
            elif tag == "LOC":
                got.append((start, end))
        spans = {alignment.original(*span) for span in got}
        expected = {_span(place) for place in row["places"]}
        right, found = right + len(spans & expected), found + len(spans)
        wanted += len(expected)
    return PlaceScores(right, found, wanted)


def masking_scores(half: str, masker: Masker) -> tuple[MaskingScores, MaskingScores]:
    """Of names, and of everything else."""
    names, numbers = _Tally(), _Tally()
    for row in rows("personal_data", half):
        found = masker.personal_spans(row["text"])
        hidden = {i for span in found for i in range(span.start, span.end)}
        expected = [(_span(span), span["type"] == "name") for span in row["spans"]]
        for span, is_name in expected:
            tally = names if is_name else numbers
            tally.wanted += 1
            tally.masked += hidden.issuperset(range(*span))
        for each in found:
            tally = names if each.type == "name" else numbers
            tally.found += 1
            tally.right += any(
                each.start < end and start < each.end for (start, end), _ in expected
            )
        personal = {i for span, _ in expected for i in range(*span)}
        for figures in re.finditer(r"\d+", row["text"]):
            if personal.isdisjoint(range(*figures.span())):
                numbers.others += 1
                numbers.kept += hidden.isdisjoint(range(*figures.span()))
    return names.scores(), numbers.scores()


@dataclass
class _Tally:
    masked: int = 0
    wanted: int = 0
    right: int = 0
    found: int = 0
    kept: int = 0
    others: int = 0

    def scores(self) -> MaskingScores:
        return MaskingScores(
            self.masked, self.wanted, self.right, self.found, self.kept, self.others
        )


def _span(annotated: dict[str, Any]) -> Span:
    return annotated["start"], annotated["start"] + len(annotated["text"])


def _mistakes(reader: EntityReader, masker: Masker) -> Iterator[str]:
    for row in rows("places", "development"):
        text = row["text"]
        found = reader.read_written(text)
        got = [text[e.start : e.end] for e in found if e.entity == "place"]
        wanted = [place["text"] for place in row["places"]]
        if got != wanted:
            yield f"{text}  found {got}, wanted {wanted}"
    for row in rows("personal_data", "development"):
        text = row["text"]
        got = [text[span.start : span.end] for span in masker.personal_spans(text)]
        wanted = [span["text"] for span in row["spans"]]
        if got != wanted:
            yield f"{text}  found {got}, wanted {wanted}"


def main() -> None:
    reader, masker = entity_reader(), load_masker()
    for line in _mistakes(reader, masker):
        print(line)
    for half in HALVES:
        places, alone = place_scores(half, reader), lac_scores(half)
        names, numbers = masking_scores(half, masker)
        print(
            f"{half}: places P {places.precision:.3f} R {places.recall:.3f} F1 {places.f1:.3f} "
            f"(LAC alone {alone.f1:.3f}), codes {places.coded}/{places.right}; "
            f"names R {names.recall:.3f} P {names.precision:.3f}; "
            f"numbers R {numbers.recall:.3f} P {numbers.precision:.3f}, "
            f"kept {numbers.kept}/{numbers.others}"
        )


if __name__ == "__main__":
    main()
