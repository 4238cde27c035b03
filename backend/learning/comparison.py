"""The old model against the new one on the same rows, and whether the new one may serve. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

QUESTIONS = ("kind", "domain")

MAY_FALL = 0.01
"""Of accuracy and of macro-F1. A trial has 600 rows or more, and two models of like data differ on
about one row in twenty: chance alone then moves a share by 0.9 points (one standard error). Less
than a point cannot be told from chance; more would be one petition in a hundred sent wrong."""

AUTHORED_MAY_FALL = 0.02
"""Of the same on the authored rows alone, which no official can change: a county's own ways may
differ from them a little, but lessons that are wrong wholesale must not go through because their
like is also tried on."""

CLASS_MAY_FALL = 0.10
CLASS_ROWS = 20
"""F1 of a class with so many rows. Two of twenty rows are chance; smaller classes tell nothing."""


@dataclass(frozen=True, slots=True)
class TriedRow:
    """By question: what is right, what the old model said, what the new one said."""

    said: Mapping[str, tuple[str, str, str]]
    authored: bool


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """F1 of one class, shares of one; `rows` of the trial are of it."""

    rows: int
    old: float
    new: float


@dataclass(frozen=True, slots=True)
class Answers:
    """What both models say to one question (`kind` or `domain`), as figures."""

    rows: int
    accuracy: tuple[float, float]
    macro_f1: tuple[float, float]
    classes: Mapping[str, ClassFigures]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a model may not serve: `what` is accuracy, macro_f1, or f1 of a class; `authored` where
    it is so on the authored rows alone."""

    question: str
    what: str
    label: str
    rows: int
    old: float
    new: float
    authored: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """By question. `faults` is empty where the new model is not worse."""

    answers: Mapping[str, Answers]
    faults: Sequence[Fault]

    @property
    def not_worse(self) -> bool:
        return not self.faults

    def as_json(self) -> dict[str, Any]:
        return {
            "answers": {name: asdict(each) for name, each in self.answers.items()},
            "faults": [asdict(fault) for fault in self.faults],
        }


def compare(rows: Sequence[TriedRow]) -> Comparison:
    """Both models on the same rows; each question counts the rows that have an answer to it."""
    answers = {question: _answers(_of(rows, question)) for question in QUESTIONS}
    authored = [row for row in rows if row.authored]
    faults = [fault for name, each in answers.items() for fault in _faults(name, each)]
    for question in QUESTIONS:
        on_authored = _answers(_of(authored, question))
        faults += [
            replace(fault, authored=True)
            for fault in _whole_faults(question, on_authored, AUTHORED_MAY_FALL)
        ]
    return Comparison(answers, faults)


def _of(rows: Sequence[TriedRow], question: str) -> Sequence[tuple[str, str, str]]:
    return [row.said[question] for row in rows if question in row.said]


def _answers(said: Sequence[tuple[str, str, str]]) -> Answers:
    truth, old, new = ([row[at] for row in said] for at in range(3))
    classes = {
        label: ClassFigures(truth.count(label), _f1(truth, old, label), _f1(truth, new, label))
        for label in sorted(set(truth))
    }
    return Answers(
        len(truth),
        (_accuracy(truth, old), _accuracy(truth, new)),
        (
            _mean([each.old for each in classes.values()]),
            _mean([each.new for each in classes.values()]),
        ),
        classes,
    )


def _faults(question: str, answers: Answers) -> Sequence[Fault]:
    return [
        *_whole_faults(question, answers, MAY_FALL),
        *(
            Fault(question, "f1", label, each.rows, each.old, each.new)
            for label, each in answers.classes.items()
            if each.rows >= CLASS_ROWS and _fall(each.old, each.new) > CLASS_MAY_FALL
        ),
    ]


def _whole_faults(question: str, answers: Answers, may_fall: float) -> Sequence[Fault]:
    shares = (("accuracy", answers.accuracy), ("macro_f1", answers.macro_f1))
    return [
        Fault(question, what, "", answers.rows, old, new)
        for what, (old, new) in shares
        if _fall(old, new) > may_fall
    ]


def _fall(old: float, new: float) -> float:
    return round(old - new, 4)


def _accuracy(truth: Sequence[str], said: Sequence[str]) -> float:
    return _mean([float(right == answer) for right, answer in zip(truth, said, strict=True)])


def _f1(truth: Sequence[str], said: Sequence[str], label: str) -> float:
    both = sum(right == answer == label for right, answer in zip(truth, said, strict=True))
    either = sum(right == label for right in truth) + sum(answer == label for answer in said)
    return round(2 * both / either, 4) if either else 0.0


def _mean(shares: Sequence[float]) -> float:
    return round(sum(shares) / len(shares), 4) if shares else 0.0
