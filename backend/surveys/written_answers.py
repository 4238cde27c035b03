"""What people wrote to a question of free text: paged, searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address
from backend.database.paging import page_before
from backend.surveys.results import Part, recipients_of
from backend.surveys.tables import survey_answer, survey_recipient

PAGE = 50


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """`text` as the citizen wrote it."""

    id: int
    text: str
    at: datetime
    source: str
    account_id: int
    citizen_id: int


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """Newest first. `total`: how many fit; `further`: the `before` of the next page, None at the
    end."""

    answers: Sequence[WrittenAnswer]
    total: int
    further: int | None


async def written_answers(
    connection: AsyncConnection,
    survey_id: int,
    question_id: int,
    part: Part,
    *,
    sought: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> WrittenPage:
    """Those that hold `sought`; `before`: the last id already seen."""
    answers, to = survey_answer.c, survey_recipient.c
    wanted = [
        answers.question_id == question_id,
        answers.text.is_not(None),
        recipients_of(survey_id, part),
    ]
    if sought:
        wanted.append(answers.text.icontains(sought, autoescape=True))
    joined = survey_answer.join(survey_recipient, to.id == answers.recipient_id)
    total = await connection.scalar(select(func.count()).select_from(joined).where(*wanted))
    query = (
        select(answers.id, answers.text, answers.at, to.source, address.c.account_id, to.citizen_id)
        .select_from(joined.join(address, address.c.id == to.address_id))
        .where(*wanted)
    )
    rows, further = await page_before(connection, query, answers.id, before, limit)
    found = [
        WrittenAnswer(row.id, row.text, row.at, row.source, row.account_id, row.citizen_id)
        for row in rows
    ]
    return WrittenPage(found, int(total or 0), further)
