"""Deleting a draft that nobody was ever sent. What has been sent to anyone, be it one number to try
it out, is a record and stays.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Table, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.surveys.lifecycle import State, SurveyRefused
from backend.surveys.reading import Survey
from backend.surveys.tables import (
    survey,
    survey_division,
    survey_list,
    survey_listed,
    survey_question,
    survey_recipient,
)

# Of an opening that broke off there may be recipients, none of them asked.
_PARTS: tuple[Table, ...] = (
    survey_recipient,
    survey_listed,
    survey_list,
    survey_division,
    survey_question,
)


async def was_sent(connection: AsyncConnection, survey_id: int) -> bool:
    """Whether anybody was asked, or a copy was tried on a number."""
    to, other = survey_recipient.c, survey.alias("other")
    sent = await connection.scalar(
        select(
            or_(
                exists().where(to.survey_id == survey_id, to.state != "waiting"),
                exists().where(other.c.trial_of == survey_id),
            )
        )
    )
    return bool(sent)


async def delete_draft(
    connection: AsyncConnection, actor: Actor, found: Survey, version: int, now: datetime
) -> None:
    """Delete a draft with its questions and whom it was meant for; the audit keeps its title.
    Raises SurveyRefused: conflict, sent."""
    # Locked before it is looked at: a trial that has begun is waited for, and seen.
    held = await connection.scalar(
        select(survey.c.id)
        .where(survey.c.id == found.id, survey.c.version == version, survey.c.state == State.DRAFT)
        .with_for_update()
    )
    if held is None:
        raise SurveyRefused("conflict")
    if await was_sent(connection, found.id):
        raise SurveyRefused("sent")
    for part in _PARTS:
        await connection.execute(delete(part).where(part.c.survey_id == found.id))
    await connection.execute(delete(survey).where(survey.c.id == found.id))
    await record_audit(
        connection,
        "survey_deleted",
        now,
        user_id=actor.user_id,
        subject=str(found.id),
        detail={"title": found.title, "questions": len(found.questions)},
    )
