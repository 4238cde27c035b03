"""Officials as their administrator sees them: those of the administrator's own branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, totp, user
from backend.organisation.users import User, UserRefused, list_users, user_by_id


@dataclass(frozen=True, slots=True)
class Managed:
    """A user, and whether an authenticator app is asked for."""

    user: User
    has_totp: bool


async def managed_users(connection: AsyncConnection, actor: Actor, words: str) -> Sequence[Managed]:
    """The users of the actor's branch whose name, log-in or office contains `words`; none without
    the permission."""
    if not may(actor.role, Permission.MANAGE_USERS):
        return []
    rows = await connection.scalars(select(totp.c.user_id).where(totp.c.confirmed_at.is_not(None)))
    with_totp = set(rows)
    wanted = words.strip().lower()
    return [
        Managed(found, found.id in with_totp)
        for found in await list_users(connection, actor.org_path)
        if wanted in f"{found.login} {found.name} {found.org_name}".lower()
    ]


async def managed_user(connection: AsyncConnection, actor: Actor, user_id: int) -> Managed | None:
    """None for a user of another branch, and for all without the permission."""
    found = await user_by_id(connection, user_id)
    if (
        found is None
        or not may(actor.role, Permission.MANAGE_USERS)
        or not found.org_path.startswith(actor.org_path)
    ):
        return None
    since = await connection.scalar(select(totp.c.confirmed_at).where(totp.c.user_id == user_id))
    return Managed(found, since is not None)


async def offices_of_branch(connection: AsyncConnection, actor: Actor) -> Mapping[int, str]:
    """Name by id of the active offices at and below the actor's own, in the tree's order."""
    rows = await connection.execute(
        select(org.c.id, org.c.name)
        .where(org.c.path.startswith(actor.org_path, autoescape=True), org.c.active)
        .order_by(org.c.path)
    )
    return {row.id: row.name for row in rows}


async def check_office(connection: AsyncConnection, actor: Actor, org_id: int) -> None:
    """Raises UserRefused('org') for an office outside the actor's branch."""
    if org_id not in await offices_of_branch(connection, actor):
        raise UserRefused("org")


async def unlock(
    connection: AsyncConnection, user_id: int, now: datetime, *, by_user_id: int
) -> None:
    """Let someone try again who mistyped too often. Raises UserRefused('unknown_user')."""
    login = await connection.scalar(
        update(user)
        .where(user.c.id == user_id)
        .values(failed_logins=0, locked_until=None)
        .returning(user.c.login)
    )
    if login is None:
        raise UserRefused("unknown_user")
    await record_audit(connection, "user_unlocked", now, user_id=by_user_id, subject=login)
