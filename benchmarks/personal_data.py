"""How well personal data is found, on sentences whose author had not seen the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.data_file import read_yaml
from backend.triage.masking import personal_spans
from benchmarks.report import PROJECT, Target

GOLD = PROJECT / "tests" / "triage" / "gold" / "personal_data.yml"
NUMBERS = ("phone", "id_number", "card", "plate", "house_number")
OTHERS = ("email", "wechat_id")
# Shorter ones (3 号) say nothing about anybody.
_NUMBER = re.compile(r"\d{3,}")

Span = tuple[int, int]


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """Of the held-out half: of each type the share made unreadable whole, whatever it was taken
    for; and of the numbers that are nobody's (amounts, dates, hotlines) the share left alone."""
    rows: Sequence[Mapping[str, Any]] = read_yaml(GOLD)["held_out"]
    found = [[(span.start, span.end) for span in personal_spans(row["text"])] for row in rows]
    hidden: dict[str, list[bool]] = {}
    kept: list[bool] = []
    for row, spans in zip(rows, found, strict=True):
        gold = [(each["start"], each["start"] + len(each["text"])) for each in row["spans"]]
        for each, span in zip(row["spans"], gold, strict=True):
            hidden.setdefault(each["type"], []).append(_covered(span, spans))
        for number in _NUMBER.finditer(row["text"]):
            if not _touches(number.span(), gold):
                kept.append(not _touches(number.span(), spans))
    numbers = [hit for kind in NUMBERS for hit in hidden.get(kind, [])]
    yield Target("numbers masked, recall, %", _percent(numbers), at_least=99.0)
    for kind in (*NUMBERS, *OTHERS):
        yield Target(f"  of these {kind}, %", _percent(hidden.get(kind, [])))
    yield Target("names masked, recall, %", _percent(hidden["name"]), at_least=90.0)
    yield Target("numbers that are nobody's left alone, %", _percent(kept))


def _covered(span: Span, by: Sequence[Span]) -> bool:
    return all(any(start <= at < end for start, end in by) for at in range(*span))


def _touches(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def _percent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / max(1, len(hits))
