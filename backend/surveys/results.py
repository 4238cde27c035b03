"""How a survey stands: who was asked and how far they are, and what they answered.

One grouped query each; nothing here grows with the number of answers but the work of the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address
from backend.surveys.questions import Question, QuestionType
from backend.surveys.reading import Survey
from backend.surveys.statistics import (
    NumberFigures,
    ScaleFigures,
    number_figures,
    scale_figures,
)
from backend.surveys.tables import survey_answer, survey_recipient

ASKED_STATES = ("asked", "answering", "completed", "declined")


@dataclass(frozen=True, slots=True)
class Part:
    """The recipients to look at: of one `source` ('division:<code>', 'list:<file>'), reached over
    `account_ids`; '' and None for all."""

    source: str = ""
    account_ids: Sequence[int] | None = None


WHOLE = Part()


@dataclass(frozen=True, slots=True)
class Progress:
    """How many recipients are in each state, and of those passed over, for which reason."""

    by_state: Mapping[str, int]
    passed_over: Mapping[str, int]
    latest_answer: datetime | None

    @property
    def recipients(self) -> int:
        return sum(self.by_state.values())

    @property
    def asked(self) -> int:
        """Those a question has been put to, whatever became of it."""
        return sum(self.by_state.get(state, 0) for state in ASKED_STATES)

    @property
    def completed(self) -> int:
        return self.by_state.get("completed", 0)


@dataclass(frozen=True, slots=True)
class QuestionCounts:
    """The answers to one question. `options`: how often each was chosen, in order; `scale` of
    SCALE, `numbers` of NUMBER; `texts`: how many wrote; `answered` all that did not skip."""

    id: int
    question: Question
    answered: int
    skipped: int
    options: Sequence[int]
    texts: int
    scale: ScaleFigures | None
    numbers: NumberFigures | None


def recipients_of(survey_id: int, part: Part) -> ColumnElement[bool]:
    """The clause over `survey_recipient`."""
    to = survey_recipient.c
    clauses: list[ColumnElement[bool]] = [to.survey_id == survey_id]
    if part.source:
        clauses.append(to.source == part.source)
    if part.account_ids is not None:
        way = address.alias("way")  # of its own: the query around it may read addresses too
        on = select(way.c.id).where(
            way.c.id == to.address_id, way.c.account_id.in_(part.account_ids)
        )
        clauses.append(on.exists())
    return and_(*clauses)


async def progress(connection: AsyncConnection, survey_id: int, part: Part = WHOLE) -> Progress:
    to = survey_recipient.c
    rows = await connection.execute(
        select(to.state, to.reason, func.count(), func.max(to.answered_at))
        .where(recipients_of(survey_id, part))
        .group_by(to.state, to.reason)
    )
    by_state: dict[str, int] = {}
    passed_over: dict[str, int] = {}
    latest: list[datetime] = []
    for state, reason, count, answered_at in rows:
        by_state[state] = by_state.get(state, 0) + count
        if state == "passed_over":
            passed_over[reason or ""] = count
        if answered_at is not None:
            latest.append(answered_at)
    return Progress(by_state, passed_over, max(latest, default=None))


async def sources(connection: AsyncConnection, survey_id: int) -> Mapping[str, int]:
    """How many recipients came from each village and list."""
    to = survey_recipient.c
    rows = await connection.execute(
        select(to.source, func.count())
        .where(to.survey_id == survey_id)
        .group_by(to.source)
        .order_by(to.source)
    )
    return {row[0]: row[1] for row in rows}


async def question_counts(
    connection: AsyncConnection, found: Survey, part: Part = WHOLE
) -> Sequence[QuestionCounts]:
    """Of every question, in order."""
    answers = survey_answer.c
    query = (
        select(answers.question_id, answers.option, answers.number, answers.skipped, func.count())
        .where(answers.question_id.in_(found.question_ids))
        .group_by(answers.question_id, answers.option, answers.number, answers.skipped)
    )
    if part != WHOLE:
        ids = select(survey_recipient.c.id).where(recipients_of(found.id, part))
        query = query.where(answers.recipient_id.in_(ids))
    rows = (await connection.execute(query)).all()
    return [
        _counts(id_, question, [row for row in rows if row.question_id == id_])
        for id_, question in zip(found.question_ids, found.questions, strict=True)
    ]


def _counts(id_: int, question: Question, rows: Sequence[Any]) -> QuestionCounts:
    given = [row for row in rows if not row.skipped]
    options = [
        sum(row[4] for row in given if row.option == place)
        for place in range(len(question.options))
    ]
    numbers: dict[float, int] = {}
    for row in given:
        if row.number is not None:
            numbers[float(row.number)] = numbers.get(float(row.number), 0) + row[4]
    answered = sum(row[4] for row in given)
    return QuestionCounts(
        id=id_,
        question=question,
        answered=answered,
        skipped=sum(row[4] for row in rows if row.skipped),
        options=options,
        texts=answered if question.type is QuestionType.TEXT else 0,
        scale=scale_figures(options) if question.type is QuestionType.SCALE else None,
        numbers=number_figures(numbers) if question.type is QuestionType.NUMBER else None,
    )
