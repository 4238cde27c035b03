"""Surveys as officials see them: one, or the list of a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.surveys.lifecycle import State, state_at
from backend.surveys.questions import Question, QuestionType
from backend.surveys.tables import survey, survey_question, survey_recipient
from backend.surveys.visibility import select_visible
from backend.surveys.wording import Invitation

LISTED = 200


@dataclass(frozen=True, slots=True)
class Survey:
    """`state` is the one that holds now: closed from the closing date on. `question_ids` in the
    order of `questions`. `trial_of`: the survey this is a copy of, sent to one number."""

    id: int
    org_id: int
    org_name: str
    title: str
    introduction: str
    state: State
    version: int
    author: str
    created_at: datetime
    opened_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    trial_of: int | None
    questions: Sequence[Question]
    question_ids: Sequence[int]

    @property
    def invitation(self) -> Invitation:
        return Invitation(
            self.id, self.org_name, self.title, self.introduction, len(self.questions)
        )


@dataclass(frozen=True, slots=True)
class ListedSurvey:
    """One line of the list. `recipients`: whom it is meant for; of them `asked`, and `completed`
    all questions."""

    id: int
    org_name: str
    title: str
    state: State
    author: str
    created_at: datetime
    opened_at: datetime | None
    closes_at: datetime | None
    recipients: int
    asked: int
    completed: int


async def read_survey(
    connection: AsyncConnection, actor: Actor, survey_id: int, now: datetime
) -> Survey | None:
    """None for a survey of another branch."""
    query = select_visible(actor).where(survey.c.id == survey_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    questions = survey_question
    rows = await connection.execute(
        select(questions).where(questions.c.survey_id == survey_id).order_by(questions.c.position)
    )
    return _survey(row, rows.all(), now)


async def list_surveys(
    connection: AsyncConnection, actor: Actor, now: datetime
) -> Sequence[ListedSurvey]:
    """The branch's, newest first, without trials."""
    rows = await connection.execute(
        select_visible(actor)
        .where(survey.c.trial_of.is_(None))
        .order_by(survey.c.id.desc())
        .limit(LISTED)
    )
    found = rows.all()
    counts = await _counts(connection, [row.id for row in found])
    return [_listed(row, counts.get(row.id, (0, 0, 0)), now) for row in found]


async def _counts(
    connection: AsyncConnection, ids: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    to = survey_recipient.c
    rows = await connection.execute(
        select(
            to.survey_id,
            func.count().label("all"),
            func.count().filter(to.state.in_(("asked", "answering", "completed", "declined"))),
            func.count().filter(to.state == "completed"),
        )
        .where(to.survey_id.in_(ids))
        .group_by(to.survey_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _survey(row: Row[Any], questions: Sequence[Row[Any]], now: datetime) -> Survey:
    return Survey(
        id=row.id,
        org_id=row.org_id,
        org_name=row.org_name,
        title=row.title,
        introduction=row.introduction,
        state=state_at(row.state, row.closes_at, now),
        version=row.version,
        author=row.author,
        created_at=row.created_at,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        trial_of=row.trial_of,
        questions=[_question(each) for each in questions],
        question_ids=[each.id for each in questions],
    )


def _question(row: Row[Any]) -> Question:
    return Question(
        QuestionType(row.type),
        row.text,
        tuple(row.options or ()),
        row.lowest,
        row.highest,
        row.unit,
    )


def _listed(row: Row[Any], counts: tuple[int, int, int], now: datetime) -> ListedSurvey:
    recipients, asked, completed = counts
    return ListedSurvey(
        id=row.id,
        org_name=row.org_name,
        title=row.title,
        state=state_at(row.state, row.closes_at, now),
        author=row.author,
        created_at=row.created_at,
        opened_at=row.opened_at,
        closes_at=row.closes_at,
        recipients=recipients,
        asked=asked,
        completed=completed,
    )
