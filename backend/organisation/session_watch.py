"""Sessions of pages that stay connected: who is still logged in, and as whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.organisation.tables import org, session, user


async def actors_of(
    connection: AsyncConnection, session_ids: Collection[int], now: datetime
) -> Mapping[int, Actor]:
    """The officials behind these sessions as they are now, by session id. Left out are sessions
    that have ended or expired, and those whose user is disabled or must first change a password
    someone else set."""
    if not session_ids:
        return {}
    rows = await connection.execute(
        select(session.c.id, session.c.user_id, user.c.name, user.c.org_id, org.c.path, user.c.role)
        .join(user, user.c.id == session.c.user_id)
        .join(org, org.c.id == user.c.org_id)
        .where(
            session.c.id.in_(session_ids),
            session.c.ended_at.is_(None),
            session.c.expires_at > now,
            user.c.active,
            ~user.c.must_change_password,
        )
    )
    return {row.id: Actor(row.user_id, row.name, row.org_id, row.path, row.role) for row in rows}
