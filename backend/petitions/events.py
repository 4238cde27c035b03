"""Events of petitions: append-only, in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.lifecycle import By
from backend.petitions.tables import petition_event


@dataclass(frozen=True, slots=True)
class Who:
    """Who caused an event. `user_id` and `org_id` for officials."""

    by: By
    user_id: int | None = None
    org_id: int | None = None


CITIZEN = Who(By.CITIZEN)
MACHINE = Who(By.MACHINE)


async def record_event(
    connection: AsyncConnection,
    petition_id: int,
    type_: str,
    who: Who,
    now: datetime,
    *,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    dedupe_key: str | None = None,
) -> int:
    """Append one event; its id. Raises IntegrityError for a `dedupe_key` already used, which
    rolls back the caller's transaction: callers look with `event_of` first."""
    inserted = await connection.execute(
        petition_event.insert()
        .values(
            petition_id=petition_id,
            at=now,
            type=type_,
            actor=who.by.value,
            user_id=who.user_id,
            org_id=who.org_id,
            reason=reason,
            detail=dict(detail) if detail is not None else None,
            dedupe_key=dedupe_key,
        )
        .returning(petition_event.c.id)
    )
    return int(inserted.scalar_one())


async def event_of(connection: AsyncConnection, dedupe_key: str) -> Row[Any] | None:
    """The event an earlier run of the same effect wrote, None on the first run."""
    found = await connection.execute(
        select(petition_event).where(petition_event.c.dedupe_key == dedupe_key)
    )
    return found.first()
