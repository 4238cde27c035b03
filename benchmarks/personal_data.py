"""How well personal data is masked, on sentences whose author had not seen the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from backend.triage.masking import Masker, load_masker
from benchmarks.report import Target
from tests.triage.gold_scores import masking_scores, rows

HALF = "held_out"


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """Of each type the share made unreadable whole, whatever it was taken for; and of the numbers
    that are nobody's (amounts, dates, hotlines) the share left alone."""
    masker = load_masker()
    names, numbers = masking_scores(HALF, masker)
    yield Target("numbers masked, recall, %", 100 * numbers.recall, at_least=99.0)
    for type_, recall in _recall_by_type(masker).items():
        if type_ != "name":
            yield Target(f"  of these {type_}, %", 100 * recall)
    yield Target("  precision of numbers, %", 100 * numbers.precision)
    yield Target("  numbers of nobody left alone, %", 100 * numbers.kept / numbers.others)
    yield Target("names masked, recall, %", 100 * names.recall, at_least=90.0)
    yield Target("  precision of names, %", 100 * names.precision)


def _recall_by_type(masker: Masker) -> dict[str, float]:
    masked: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for row in rows("personal_data", HALF):
        found = masker.personal_spans(row["text"])
        hidden = {at for span in found for at in range(span.start, span.end)}
        for span in row["spans"]:
            wanted[span["type"]] += 1
            end = span["start"] + len(span["text"])
            masked[span["type"]] += hidden.issuperset(range(span["start"], end))
    return {type_: masked[type_] / count for type_, count in wanted.items()}
