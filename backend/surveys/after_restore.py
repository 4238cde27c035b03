"""Surveys after a backup was put back: whom they asked since it was taken is forgotten, so they
stop until an official takes them up again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import PUSH_KIND, message
from backend.organisation.audit import record_audit
from backend.organisation.tables import audit
from backend.surveys.lifecycle import State
from backend.surveys.tables import survey, survey_recipient

PAUSED_BY_RESTORE = "survey_paused_by_restore"
_STOPPED_OR_TAKEN_UP = (PAUSED_BY_RESTORE, "survey_paused", "survey_resumed")


async def pause_running(connection: AsyncConnection, made_at: datetime, now: datetime) -> int:
    """Pause what would go on asking people; how many surveys those are. `made_at`: when the backup
    was taken."""
    # Questions on their way then have most likely left; who did not get theirs gets it at the next
    # contact.
    await connection.execute(
        update(message)
        .where(message.c.kind == PUSH_KIND, message.c.handled_at.is_(None))
        .values(handled_at=now)
    )
    to = survey_recipient.c
    paused = await connection.scalars(
        update(survey)
        .where(
            survey.c.state == State.OPEN,
            or_(survey.c.closes_at.is_(None), survey.c.closes_at > now),
            exists().where(to.survey_id == survey.c.id, to.state == "waiting"),
        )
        .values(state=State.PAUSED, version=survey.c.version + 1)
        .returning(survey.c.id)
    )
    ids = paused.all()
    for survey_id in ids:
        await record_audit(
            connection,
            PAUSED_BY_RESTORE,
            now,
            subject=str(survey_id),
            detail={"made_at": made_at.isoformat()},
        )
    return len(ids)


async def paused_by_restore(
    connection: AsyncConnection, survey_ids: Collection[int], since: datetime
) -> dict[int, datetime]:
    """Of paused surveys, none of which opened before `since`, those that a restore stopped and
    nobody has taken up: id → when the backup was taken."""
    rows = await connection.execute(
        select(audit.c.subject, audit.c.action, audit.c.detail)
        .where(
            audit.c.at >= since,
            audit.c.action.in_(_STOPPED_OR_TAKEN_UP),
            audit.c.subject.in_([str(each) for each in survey_ids]),
        )
        .order_by(audit.c.id)
    )
    last = {int(row.subject): row for row in rows}
    return {
        survey_id: datetime.fromisoformat(row.detail["made_at"])
        for survey_id, row in last.items()
        if row.action == PAUSED_BY_RESTORE
    }
