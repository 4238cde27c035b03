"""What officials did beside petitions: log-ins, users, settings. Append-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import audit, org, user

SUBJECT_LENGTH = 120


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One row, with the name of who did it ('' for the system or a stranger)."""

    id: int
    at: datetime
    user_id: int | None
    user_name: str
    action: str
    subject: str
    detail: Mapping[str, Any] | None


async def record_audit(
    connection: AsyncConnection,
    action: str,
    now: datetime,
    *,
    user_id: int | None = None,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append one event. `detail` is JSON and holds nothing secret."""
    await connection.execute(
        audit.insert().values(
            at=now,
            user_id=user_id,
            action=action,
            subject=subject[:SUBJECT_LENGTH],
            detail=dict(detail) if detail is not None else None,
        )
    )


async def latest_events(
    connection: AsyncConnection, actions: Collection[str], *, limit: int
) -> Sequence[AuditEvent]:
    """Events of these actions, whoever or whatever caused them, newest first."""
    rows = await connection.execute(
        select(audit, user.c.name.label("user_name"))
        .outerjoin(user, user.c.id == audit.c.user_id)
        .where(audit.c.action.in_(actions))
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [_event(row) for row in rows]


async def audit_events(
    connection: AsyncConnection, org_path: str, *, before: int | None = None, limit: int = 50
) -> Sequence[AuditEvent]:
    """Events of users of the branch, newest first; `before` is the last id already seen."""
    query = (
        select(audit, user.c.name.label("user_name"))
        .join(user, user.c.id == audit.c.user_id)
        .join(org, org.c.id == user.c.org_id)
        .where(org.c.path.startswith(org_path, autoescape=True))
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit.c.id < before)
    rows = await connection.execute(query)
    return [_event(row) for row in rows]


def _event(row: Row[Any]) -> AuditEvent:
    return AuditEvent(
        row.id, row.at, row.user_id, row.user_name or "", row.action, row.subject, row.detail
    )
