"""How well places and personal data are read, and how fast, on the gold nobody reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

from backend.petitions.masking import mask_numbers
from backend.triage.cleaning import clean
from backend.triage.masking import load_masker
from benchmarks.report import Target
from tests.triage.gold_scores import (
    entity_reader,
    lac_scores,
    masking_scores,
    place_scores,
    rows,
)

HALF = "held_out"
ABOUT_FIFTY = range(40, 61)  # characters
ROWS_OF_A_PAGE = 50


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """Every figure of entities and masking, with its target where it has one."""
    reader, masker = entity_reader(), load_masker()
    places = place_scores(HALF, reader)
    yield Target("places, F1 %", 100 * places.f1, at_least=90.0)
    yield Target("  precision %", 100 * places.precision)
    yield Target("  recall %", 100 * places.recall)
    yield Target("  division of a place found, %", 100 * places.coded / places.right)
    yield Target("  LAC alone, F1 %", 100 * lac_scores(HALF).f1)
    names, numbers = masking_scores(HALF, masker)
    yield Target("names masked, %", 100 * names.recall, at_least=90.0)
    yield Target("  precision %", 100 * names.precision)
    yield Target("personal numbers masked, %", 100 * numbers.recall, at_least=99.0)
    yield Target("  precision %", 100 * numbers.precision)
    yield Target("other numbers kept, %", 100 * numbers.kept / numbers.others, at_least=98.0)
    texts = [clean(row["text"]).text for row in rows("places", HALF)]
    fifty = [text for text in texts if len(text) in ABOUT_FIFTY]
    yield Target(
        "entities of ~50 characters, ms p50", _each(reader.read_entities, fifty), at_most=3
    )
    titles = [row["text"][:20] for row in rows("personal_data", HALF)][:ROWS_OF_A_PAGE]
    yield Target("titles of a page masked, ms", len(titles) * _each(mask_numbers, titles))


def _each(read: Callable[[str], object], texts: Sequence[str]) -> float:
    """Milliseconds of processor time a text takes, the median."""
    spent = []
    for text in texts * 5:
        start = time.thread_time()
        read(text)
        spent.append(time.thread_time() - start)
    return 1000 * median(spent)
