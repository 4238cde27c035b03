"""A new model made and tried against the one in service. Blocks for half a minute; no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from backend.learning.comparison import Comparison, TriedRow, compare
from backend.learning.lessons import CORRECTION, HISTORY, Lessons
from backend.learning.material import (
    AUTHORED,
    Material,
    Trial,
    counted,
    material,
    without_trials,
)
from backend.learning.shelf import SHIPPED, Shelf
from backend.triage import classifier
from backend.triage.classifier import Classifier
from backend.triage.examples import TrainingData
from backend.triage.model import ModelError
from backend.triage.training import train_on


@dataclass(frozen=True)
class Candidate:
    """A new model on the shelf. `against` is the name of the one it was tried against, `trials`
    how many rows of each source it was tried on; `corrected` the share of corrected petitions
    among them whose domain the old and the new one read right, None without any."""

    name: str
    against: str
    comparison: Comparison
    trials: Mapping[str, int]
    corrected: tuple[float, float] | None
    card: Mapping[str, Any]


def make_candidate(
    shelf: Shelf,
    authored: TrainingData,
    lessons: Lessons,
    domain_names: Mapping[str, str],
    rules: Path,
    *,
    now: datetime,
) -> Candidate:
    """Train on everything, try what the same training makes without the held-back rows against
    the old model's like, write what came out on the card. Nothing is put in service. `rules` is
    the folder a classifier reads. Raises RulesError, OSError."""
    learnt = material(authored, lessons, domain_names)
    name = shelf.new_name(now)
    file, tried = shelf.file(name), shelf.tried_file(name)
    train_on(learnt.taught, tried, now=now)
    against, comparison, corrected = _try(shelf, tried, authored, learnt, rules, now=now)
    trials = counted(learnt.trials)
    notes = {
        "name": name,
        "authored_digest": authored.digest,
        "lessons": {source: lessons.count(source) for source in (CORRECTION, HISTORY)},
        "last_correction": lessons.last_correction,
        "left_out": lessons.left_out,
        "trial": {
            "against": against,
            "rows": dict(trials),
            "corrected": corrected,
            **comparison.as_json(),
        },
    }
    card = train_on(learnt.whole, file, now=now, notes=notes)
    return Candidate(name, against, comparison, trials, corrected, card)


def _try(
    shelf: Shelf,
    tried: Path,
    authored: TrainingData,
    learnt: Material,
    rules: Path,
    *,
    now: datetime,
) -> tuple[str, Comparison, tuple[float, float] | None]:
    serving = shelf.in_service()
    new = classifier.load(tried, rules)
    with TemporaryDirectory() as folder:
        try:
            old = classifier.load(shelf.tried_file(serving), rules)
            against = serving
        except ModelError:
            # The shipped model keeps none, and what an older program wrote may be unreadable:
            # then the authored examples are what to be better than.
            file = Path(folder) / "authored.npz"
            train_on(without_trials(authored), file, now=now)
            old = classifier.load(file, rules)
            against = SHIPPED
    rows = [_tried_row(trial, old, new) for trial in learnt.trials]
    return against, compare(rows), _corrected(learnt.trials, rows)


def _tried_row(trial: Trial, old: Classifier, new: Classifier) -> TriedRow:
    example = trial.example
    before, after = old.classify(example.text), new.classify(example.text)
    said = {"kind": (example.kind, before.kinds[0][0], after.kinds[0][0])}
    if example.domain is not None:
        said["domain"] = (example.domain, before.domains[0][0], after.domains[0][0])
    return TriedRow(said, trial.source == AUTHORED)


def _corrected(trials: Sequence[Trial], rows: Sequence[TriedRow]) -> tuple[float, float] | None:
    domains = [
        row.said["domain"]
        for trial, row in zip(trials, rows, strict=True)
        if trial.source == CORRECTION
    ]
    if not domains:
        return None
    old = sum(before == right for right, before, _ in domains) / len(domains)
    new = sum(after == right for right, _, after in domains) / len(domains)
    return round(old, 4), round(new, 4)
