"""How well the triage reads the mood of real petitions, judged before any model read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from backend.data_file import read_yaml
from backend.petitions.rules import SENTIMENTS, STRONG_SENTIMENTS
from backend.triage.classifier import Classification
from backend.triage.linear import calibration_error, class_figures
from benchmarks.report import PROJECT, Target

JUDGED = PROJECT / "tests" / "triage" / "sentiments_judged.yml"
COUNTED = ("confirmation", "strong")

Judged = tuple[int, str]
"""A row and its mood."""


def sentiments_right(
    bodies: Sequence[str], read: Callable[[str], Classification]
) -> Iterator[Target]:
    """Of `bodies` (petitions.csv): accuracy of the rows drawn at random, and each mood's F1 over
    these and those drawn for their strong words; no row that was looked at is counted."""
    judged = read_yaml(JUDGED)
    answers = {
        (row, mood): read(bodies[row]).sentiments[0]
        for lot in COUNTED
        for row, mood in _rows(judged[lot])
    }
    drawn = [(each, answers[each]) for each in _rows(judged["confirmation"])]
    right = [found == mood for (_, mood), (found, _) in drawn]
    also = {(row, mood) for mood, rows in judged["also"].items() for row in rows}
    defended = [
        hit or (row, found) in also
        for hit, ((row, _), (found, _)) in zip(right, drawn, strict=True)
    ]
    yield Target("mood of judged petitions, %", _percent(right))
    yield Target("  or a mood that could be defended, %", _percent(defended))
    confidence = np.array([sure for _, (_, sure) in drawn], np.float32)
    error = calibration_error(confidence, np.array(right))
    yield Target("  calibration error of its confidence, %", 100 * error)
    truth = np.array([mood for _, mood in answers])
    found = np.array([mood for mood, _ in answers.values()])
    for mood in SENTIMENTS:
        f1 = class_figures(found == mood, truth == mood)["f1"]
        yield Target(f"  F1 of {mood} among {(truth == mood).sum()}, %", 100 * f1)
    strong = class_figures(np.isin(found, STRONG_SENTIMENTS), np.isin(truth, STRONG_SENTIMENTS))
    yield Target("  angry or desperate: recall, %", 100 * strong["recall"])
    yield Target("  angry or desperate: precision, %", 100 * strong["precision"])


def _rows(by_mood: Mapping[str, Sequence[int]]) -> list[Judged]:
    return [(row, mood) for mood, rows in by_mood.items() for row in rows]


def _percent(hits: Sequence[bool]) -> float:
    return 100 * sum(hits) / len(hits)
