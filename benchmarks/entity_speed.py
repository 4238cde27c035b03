"""How fast entities are read and a page's titles masked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from backend.petitions.masking import mask_numbers
from backend.triage.cleaning import clean
from benchmarks.report import Target
from tests.triage.gold_scores import entity_reader, rows

HALF = "held_out"
ABOUT_FIFTY = range(40, 61)  # characters
ROWS_OF_A_PAGE = 50


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """Processor time of one thread, on gold sentences."""
    reader = entity_reader()
    texts = [clean(row["text"]).text for row in rows("places", HALF)]
    fifty = [text for text in texts if len(text) in ABOUT_FIFTY]
    yield Target(
        "entities of ~50 characters, ms p50", _each(reader.read_entities, fifty), at_most=3
    )
    titles = [row["text"][:20] for row in rows("personal_data", HALF)][:ROWS_OF_A_PAGE]
    yield Target("titles of a page masked, ms", len(titles) * _each(mask_numbers, titles))


def _each(read: Callable[[str], object], texts: list[str]) -> float:
    """Milliseconds of processor time a text takes, the median."""
    spent = []
    for text in texts * 5:
        start = time.thread_time()
        read(text)
        spent.append(time.thread_time() - start)
    return 1000 * median(spent)
