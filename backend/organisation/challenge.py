"""Between the right password and the code: who may give the code, for a few minutes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import login_challenge

VALID_FOR = timedelta(minutes=5)


async def open_challenge(connection: AsyncConnection, user_id: int, now: datetime) -> str:
    """The token the browser holds meanwhile; the table keeps its hash. Expired ones go."""
    token = secrets.token_urlsafe(32)
    await connection.execute(delete(login_challenge).where(login_challenge.c.expires_at <= now))
    await connection.execute(
        login_challenge.insert().values(
            token_hash=_hash(token), user_id=user_id, expires_at=now + VALID_FOR
        )
    )
    return token


async def challenged_user(connection: AsyncConnection, token: str, now: datetime) -> int | None:
    """Whose password was right; None for an unknown, used or expired token."""
    found: int | None = await connection.scalar(
        select(login_challenge.c.user_id).where(
            login_challenge.c.token_hash == _hash(token), login_challenge.c.expires_at > now
        )
    )
    return found


async def end_challenges(connection: AsyncConnection, user_id: int) -> None:
    """After a log-in none of before is valid any more."""
    await connection.execute(delete(login_challenge).where(login_challenge.c.user_id == user_id))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
