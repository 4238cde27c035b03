"""Pausing, resuming and closing a survey, and its closing date. Taking a step again that is already
taken changes nothing and is not recorded twice. All raise SurveyRefused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.surveys.lifecycle import (
    State,
    Step,
    SurveyRefused,
    check_closing,
    possible,
    target_of,
)
from backend.surveys.reading import Survey
from backend.surveys.tables import survey

_ACTIONS: Mapping[Step, str] = {
    Step.PAUSE: "survey_paused",
    Step.RESUME: "survey_resumed",
    Step.CLOSE: "survey_closed",
}


async def take_step(
    connection: AsyncConnection,
    actor: Actor,
    found: Survey,
    step: Step,
    version: int,
    now: datetime,
) -> None:
    """PAUSE, RESUME or CLOSE."""
    if found.state is target_of(step):
        return
    if not possible(step, found.state):
        raise SurveyRefused("impossible")
    values: dict[str, Any] = {"state": target_of(step)}
    if step is Step.CLOSE:
        values["closed_at"] = now
    await _change(connection, found, version, values)
    await record_audit(
        connection, _ACTIONS[step], now, user_id=actor.user_id, subject=str(found.id)
    )


async def set_closing(
    connection: AsyncConnection,
    actor: Actor,
    found: Survey,
    version: int,
    closes_at: datetime | None,
    now: datetime,
) -> None:
    """Another closing date of an open or paused survey; None: until it is closed by hand."""
    if found.closes_at == closes_at:
        return
    if found.state not in (State.OPEN, State.PAUSED):
        raise SurveyRefused("impossible")
    check_closing(closes_at, now)
    await _change(connection, found, version, {"closes_at": closes_at})
    detail = {"closes_at": closes_at.isoformat() if closes_at else None}
    await record_audit(
        connection,
        "survey_closing_set",
        now,
        user_id=actor.user_id,
        subject=str(found.id),
        detail=detail,
    )


async def _change(
    connection: AsyncConnection, found: Survey, version: int, values: Mapping[str, Any]
) -> None:
    changed = await connection.execute(
        update(survey)
        .where(survey.c.id == found.id, survey.c.version == version)
        .values(version=version + 1, **values)
    )
    if changed.rowcount == 0:
        raise SurveyRefused("conflict")
