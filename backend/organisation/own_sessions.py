"""Where an official is logged in, for themselves to see and to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.tables import session
from backend.organisation.users import end_sessions


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One place: its address, and the browser as it names itself."""

    id: int
    ip: str
    agent: str
    created_at: datetime
    seen_at: datetime


async def open_sessions(
    connection: AsyncConnection, user_id: int, now: datetime
) -> Sequence[OpenSession]:
    """The last seen first."""
    rows = await connection.execute(
        select(session.c.id, session.c.ip, session.c.agent, session.c.created_at, session.c.seen_at)
        .where(
            session.c.user_id == user_id, session.c.ended_at.is_(None), session.c.expires_at > now
        )
        .order_by(session.c.seen_at.desc(), session.c.id.desc())
    )
    return [OpenSession(*row) for row in rows]


async def end_own_session(
    connection: AsyncConnection, user_id: int, session_id: int, now: datetime
) -> bool:
    """Log out in one place; False where it is not an open session of this user."""
    ended = await connection.execute(
        update(session)
        .where(
            session.c.id == session_id, session.c.user_id == user_id, session.c.ended_at.is_(None)
        )
        .values(ended_at=now)
    )
    if ended.rowcount:
        await record_audit(connection, "session_ended", now, user_id=user_id)
    return ended.rowcount > 0


async def end_other_sessions(
    connection: AsyncConnection, user_id: int, session_id: int, now: datetime
) -> None:
    """Log out everywhere but here."""
    await end_sessions(connection, user_id, now, but=session_id)
    await record_audit(connection, "other_sessions_ended", now, user_id=user_id)
