"""The first question for those whose turn has come, many at once; who is no longer to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.consent import blocked, opted_out
from backend.conversation.texts import Reply
from backend.surveys.answering import standing
from backend.surveys.tables import survey_recipient
from backend.surveys.wording import question_replies

_r = survey_recipient.c
_ASKED = select(_r.id, _r.survey_id, opted_out(_r.address_id), blocked(_r.address_id)).where(
    _r.id.in_(bindparam("ids", expanding=True)), _r.state == "asked"
)
_PASSED_OVER = (
    update(survey_recipient)
    .where(_r.id.in_(bindparam("ids", expanding=True)))
    .values(state="passed_over", reason=bindparam("why"), asked_at=None, ended_at=bindparam("now"))
)
# The survey was closed before they were asked: nothing was said to them.
_NOT_ASKED = (
    update(survey_recipient)
    .where(_r.id.in_(bindparam("ids", expanding=True)))
    .values(state="waiting", asked_at=None)
)


async def first_questions(
    connection: AsyncConnection, recipient_ids: Sequence[int], now: datetime
) -> dict[int, list[Reply]]:
    """What each recipient is asked; those missing are not to be asked any more, and marked so."""
    asked = (await connection.execute(_ASKED, {"ids": list(recipient_ids)})).all()
    reasons = {
        row.id: "opted_out" if row.opted_out else "blocked"
        for row in asked
        if row.opted_out or row.blocked
    }
    for why in set(reasons.values()):
        gone = [id_ for id_, reason in reasons.items() if reason == why]
        await connection.execute(_PASSED_OVER, {"ids": gone, "why": why, "now": now})
    replies: dict[int, list[Reply]] = {}
    worded: dict[int, list[Reply] | None] = {}
    for row in asked:
        if row.id in reasons:
            continue
        if row.survey_id not in worded:
            # All are asked the same first question.
            at = await standing(connection, row.id, now)
            worded[row.survey_id] = (
                question_replies(at.invitation, at.question, at.position)
                if at is not None and at.open
                else None
            )
        words = worded[row.survey_id]
        if words is not None:
            replies[row.id] = words
    too_late = [row.id for row in asked if row.id not in reasons and row.id not in replies]
    if too_late:
        await connection.execute(_NOT_ASKED, {"ids": too_late})
    return replies
