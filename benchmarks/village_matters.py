"""How well petitions of one matter are told from the others of the same village.

The demo county's petitions, as they were written; what belongs together stands in
tests/petitions/gold/village_matters.yml. The weights within a village were fitted on all of these,
so the figures say what they make of them, not what to expect elsewhere; each matter left out of the
fitting in turn gave a precision of 88 % and a recall of 37 % of the pairs. Of pairs of one domain
and two matters, put into one village and week, a quarter were taken for the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from backend.catalogue import load_catalogue
from backend.data_file import read_yaml
from backend.petitions.sameness import SAME, Matter, compare
from backend.triage.sentence_vectors import SentenceReader
from benchmarks.report import PROJECT, Target
from xiangyin.demo.stories import load_material

_GOLD = PROJECT / "tests" / "petitions" / "gold" / "village_matters.yml"
_WITHIN_DAYS = 30
_NOW = datetime(2026, 11, 26, tzinfo=UTC)


@dataclass(frozen=True)
class _Told:
    matter: Matter
    belongs: str | None


def measure(_data: Path, _model: Path) -> Iterator[Target]:
    """Pair precision and recall; reads nothing but the project's own files."""
    told = _told()
    vectors = SentenceReader().read([each.matter.text for each in told])
    right = taken = wanted = 0
    for (one, v), (other, w) in combinations(zip(told, vectors, strict=True), 2):
        days = abs((one.matter.received_at - other.matter.received_at).days)
        if one.matter.place_code != other.matter.place_code or days > _WITHIN_DAYS:
            continue
        same = one.belongs is not None and one.belongs == other.belongs
        found = compare(one.matter, other.matter, float(v @ w)).likelihood >= SAME
        right, taken, wanted = right + (same and found), taken + found, wanted + same
    yield Target("same matters of one village: precision, %", 100 * right / max(1, taken))
    yield Target("same matters of one village: recall, %", 100 * right / wanted)


def _told() -> Sequence[_Told]:
    """Petitions whose village is known; those of which a reader is unsure are left out."""
    gold = read_yaml(_GOLD)
    catalogue = load_catalogue(PROJECT / "data" / "catalogue")
    found = []
    for placed in load_material(PROJECT / "data" / "demo", catalogue).stories:
        story = placed.story
        text = "\n".join(story.messages)
        if story.place is None or any(text.startswith(start) for start in gold["unsure"]):
            continue
        at = _NOW - timedelta(days=story.days)
        matter = Matter("county", text, story.place, placed.division, story.domain, at)
        found.append(_Told(matter, _matter_of(text, gold["matters"])))
    return found


def _matter_of(text: str, matters: Mapping[str, Sequence[str]]) -> str | None:
    return next(
        (name for name, starts in matters.items() if any(map(text.startswith, starts))), None
    )
