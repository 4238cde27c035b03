"""Attempts to log in, counted before they are verified, so that parallel guesses count too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import user

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Locked:
    """Too many failures; even the right password is refused until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt of an active user; `locked` where it was the last one allowed."""

    user_id: int
    password_hash: str
    failures_before: int
    locked: bool


async def count_attempt(
    connection: AsyncConnection, which: ColumnElement[bool], now: datetime
) -> Attempt | Locked | None:
    """Count one for the active user `which` names; None where there is none. The
    `FAILURES_ALLOWED`-th without a success locks for `LOCKED_FOR`."""
    counted = await connection.execute(
        update(user)
        .where(
            which,
            user.c.active,
            or_(user.c.locked_until.is_(None), user.c.locked_until <= now),
        )
        .values(failed_logins=user.c.failed_logins + 1, locked_until=None)
        .returning(user.c.id, user.c.password_hash, user.c.failed_logins)
    )
    row = counted.first()
    if row is None:
        locked = await connection.execute(select(user.c.locked_until).where(which, user.c.active))
        until = locked.scalar_one_or_none()
        return Locked(until) if until is not None else None
    lock = row.failed_logins >= FAILURES_ALLOWED
    if lock:
        # A success takes the lock off again; a new count begins when it is over.
        await connection.execute(
            update(user)
            .where(user.c.id == row.id)
            .values(locked_until=now + LOCKED_FOR, failed_logins=0)
        )
    return Attempt(row.id, row.password_hash, row.failed_logins - 1, lock)


async def take_back(connection: AsyncConnection, attempt: Attempt) -> None:
    """The attempt was no failure, but no success yet either: earlier failures still count."""
    count = attempt.failures_before if attempt.locked else user.c.failed_logins - 1
    await connection.execute(
        update(user)
        .where(user.c.id == attempt.user_id)
        .where(user.c.failed_logins == 0 if attempt.locked else user.c.failed_logins > 0)
        .values(failed_logins=count, locked_until=None)
    )
