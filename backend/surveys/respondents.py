"""Everyone a survey was put to, with all they answered, for a file: nothing is masked here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, citizen
from backend.surveys.results import ASKED_STATES, Part, recipients_of
from backend.surveys.tables import survey_answer, survey_listed, survey_recipient

PIECE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """Exactly one of `option` (from 0), `number`, `text`, or none: skipped."""

    option: int | None
    number: float | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Respondent:
    """`known_as`: number or openid of the address; `name` and `phone` as the citizen gave them or
    the list had them, '' where unknown. `answers` by the question's id."""

    source: str
    account_id: int
    known_as: str
    name: str
    phone: str
    state: str
    asked_at: datetime | None
    answered_at: datetime | None
    answers: Mapping[int, Answer]


async def count_respondents(connection: AsyncConnection, survey_id: int, part: Part) -> int:
    to = survey_recipient.c
    query = select(func.count()).where(recipients_of(survey_id, part), to.state.in_(ASKED_STATES))
    return int(await connection.scalar(query) or 0)


async def respondents(
    connection: AsyncConnection, survey_id: int, part: Part
) -> AsyncIterator[Sequence[Respondent]]:
    """In the order they were taken up, `PIECE` at a time: memory does not grow with their
    number."""
    last = 0
    while True:
        rows = await _piece(connection, survey_id, part, last)
        if not rows:
            return
        given = await _answers(connection, [row.id for row in rows])
        yield [_respondent(row, given.get(row.id, {})) for row in rows]
        last = rows[-1].id


async def _piece(
    connection: AsyncConnection, survey_id: int, part: Part, after: int
) -> Sequence[Any]:
    to = survey_recipient.c
    listed = and_(
        survey_listed.c.survey_id == survey_id, survey_listed.c.phone == address.c.external_id
    )
    query = (
        select(
            to.id,
            to.source,
            to.state,
            to.asked_at,
            to.answered_at,
            address.c.account_id,
            address.c.external_id,
            citizen.c.phone,
            func.coalesce(citizen.c.name, survey_listed.c.name, "").label("name"),
        )
        .join(address, address.c.id == to.address_id)
        .join(citizen, citizen.c.id == to.citizen_id)
        .outerjoin(survey_listed, listed)
        .where(recipients_of(survey_id, part), to.state.in_(ASKED_STATES), to.id > after)
        .order_by(to.id)
        .limit(PIECE)
    )
    return (await connection.execute(query)).all()


async def _answers(
    connection: AsyncConnection, ids: Sequence[int]
) -> Mapping[int, Mapping[int, Answer]]:
    answers = survey_answer.c
    rows = await connection.execute(
        select(
            answers.recipient_id,
            answers.question_id,
            answers.option,
            answers.number,
            answers.text,
        ).where(answers.recipient_id.in_(ids))
    )
    found: dict[int, dict[int, Answer]] = {}
    for row in rows:
        number = None if row.number is None else float(row.number)
        one = Answer(row.option, number, row.text)
        found.setdefault(row.recipient_id, {})[row.question_id] = one
    return found


def _respondent(row: Row[Any], answers: Mapping[int, Answer]) -> Respondent:
    return Respondent(
        source=row.source,
        account_id=row.account_id,
        known_as=row.external_id,
        name=row.name,
        phone=row.phone or "",
        state=row.state,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        answers=answers,
    )
