"""The uploaded list of a draft: stored, replaced, taken away. Raises SurveyRefused: conflict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import batched

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.surveys.authoring import claim_draft
from backend.surveys.list_file import Entry
from backend.surveys.tables import survey_list, survey_listed

LONGEST_FILE_NAME = 50
AT_ONCE = 1000


async def store_list(
    connection: AsyncConnection,
    actor: Actor,
    survey_id: int,
    version: int,
    account_id: int,
    file_name: str,
    entries: Sequence[Entry],
    now: datetime,
) -> None:
    """Take these numbers in place of what was uploaded before."""
    await claim_draft(connection, survey_id, version)
    await _take_away(connection, survey_id)
    await connection.execute(
        survey_list.insert().values(
            survey_id=survey_id,
            account_id=account_id,
            file_name=_short(file_name),
            added_by=actor.user_id,
            added_at=now,
        )
    )
    for some in batched(entries, AT_ONCE):
        await connection.execute(
            survey_listed.insert(),
            [{"survey_id": survey_id, "phone": one.phone, "name": one.name} for one in some],
        )
    await record_audit(
        connection,
        "survey_list_uploaded",
        now,
        user_id=actor.user_id,
        subject=str(survey_id),
        detail={"phones": len(entries), "account": account_id},
    )


async def remove_list(
    connection: AsyncConnection, actor: Actor, survey_id: int, version: int, now: datetime
) -> None:
    """A draft without a list again."""
    await claim_draft(connection, survey_id, version)
    await _take_away(connection, survey_id)
    await record_audit(
        connection, "survey_list_removed", now, user_id=actor.user_id, subject=str(survey_id)
    )


async def _take_away(connection: AsyncConnection, survey_id: int) -> None:
    for table in (survey_listed, survey_list):
        await connection.execute(delete(table).where(table.c.survey_id == survey_id))


def _short(file_name: str) -> str:
    """Its end tells more than its middle: 'xlsx' stays."""
    bare = file_name.replace("\x00", "").replace("\\", "/").rsplit("/", 1)[-1].strip() or "list"
    if len(bare) <= LONGEST_FILE_NAME:
        return bare
    return f"{bare[: LONGEST_FILE_NAME - 9]}…{bare[-8:]}"
