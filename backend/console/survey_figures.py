"""Counts of a survey as rows of tables: names, numbers, shares. Charts are drawn from these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.surveys.questions import QuestionType
from backend.surveys.results import Progress, QuestionCounts
from backend.surveys.statistics import Bar, NumberFigures
from backend.web.texts import OfficialTexts


@dataclass(frozen=True, slots=True)
class Row:
    """`share` of all in percent, 0 … 100."""

    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One question: `rows` of its table and chart, `notes` in words beside it."""

    id: int
    position: int
    type: QuestionType
    text: str
    answered: int
    skipped: int
    rows: Sequence[Row]
    notes: Sequence[tuple[str, str]]


def state_rows(words: OfficialTexts, now: Progress) -> Sequence[Row]:
    """A row for each state of recipients, in the order they go through them."""
    return [
        _row(name, now.by_state.get(state, 0), now.recipients)
        for state, name in words.recipients.items()
    ]


def reason_rows(words: OfficialTexts, now: Progress) -> Sequence[Row]:
    """Why people were passed over."""
    return [
        _row(words.word("reasons", reason), count, now.recipients)
        for reason, count in now.passed_over.items()
    ]


def question_figures(words: OfficialTexts, position: int, counts: QuestionCounts) -> Figures:
    question = counts.question
    rows = [
        _row(label, count, counts.answered)
        for label, count in zip(question.options, counts.options, strict=True)
    ]
    notes: list[tuple[str, str]] = []
    if counts.scale is not None and counts.scale.mean is not None:
        notes.append(("平均（1 到 5）", f"{counts.scale.mean:.2f}"))
        good, best = question.options[-2:]
        notes.append((f"选“{good}”“{best}”的", f"{counts.scale.satisfied or 0:.1%}"))
    if counts.numbers is not None and counts.numbers.median is not None:
        rows = [
            _row(_range(bar, question.unit), bar.count, counts.answered)
            for bar in counts.numbers.bars
        ]
        notes += _number_notes(words, counts.numbers, question.unit)
    return Figures(
        counts.id,
        position,
        question.type,
        question.text,
        counts.answered,
        counts.skipped,
        rows,
        notes,
    )


def _number_notes(words: OfficialTexts, figures: NumberFigures, unit: str) -> list[tuple[str, str]]:
    def said(value: float | None) -> str:
        return f"{plain_number(value or 0)}{unit}"

    middle = f"{said(figures.lower_quartile)} 到 {said(figures.upper_quartile)}"
    return [
        (words.word("export", "median"), said(figures.median)),
        (words.word("export", "quartiles"), middle),
        (words.word("export", "mean"), said(figures.mean)),
        ("最小、最大", f"{said(figures.least)}、{said(figures.greatest)}"),
    ]


def plain_number(value: float) -> str:
    """'3', '2.5', '0.33': no more digits than it needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _range(bar: Bar, unit: str) -> str:
    if bar.lowest == bar.below:
        return f"{plain_number(bar.lowest)}{unit}"
    if bar.below - bar.lowest == 1:
        return f"{plain_number(bar.lowest)}{unit}"
    return f"{plain_number(bar.lowest)}–{plain_number(bar.below - 1)}{unit}"


def _row(name: str, count: int, total: int) -> Row:
    return Row(name, count, 100 * count / total if total else 0.0)
