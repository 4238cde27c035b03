"""Accounts for the staff of a sheet, each with a one-time password."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.deployment.setup_state import SetupState, after
from backend.deployment.staff_sheet import NewStaff
from backend.organisation.audit import record_audit
from backend.organisation.passwords import hash_password, one_time_password
from backend.organisation.tables import org, user
from backend.organisation.users import create_user, set_user_active


@dataclass(frozen=True, slots=True)
class Hired:
    """A person of the sheet with their password, which is kept nowhere else."""

    staff: NewStaff
    password: str
    password_hash: str


async def offices_by_name(connection: AsyncConnection) -> Mapping[str, Sequence[int]]:
    """Ids of the active offices."""
    found: dict[str, list[int]] = {}
    for row in await connection.execute(select(org.c.id, org.c.name).where(org.c.active)):
        found.setdefault(row.name, []).append(row.id)
    return found


async def taken_logins(connection: AsyncConnection, state: SetupState) -> frozenset[str]:
    """Those a sheet may not name: of others, and of its own people who have logged in."""
    rows = await connection.execute(select(user.c.id, user.c.login, user.c.last_login_at))
    return frozenset(
        row.login for row in rows if row.id not in state.staff or row.last_login_at is not None
    )


async def with_passwords(staff: Sequence[NewStaff]) -> Sequence[Hired]:
    """Hashing takes some 50 ms each: outside of any transaction."""
    passwords = [one_time_password(login=one.login, name=one.name) for one in staff]
    hashes = await asyncio.gather(*(hash_password(password) for password in passwords))
    return [Hired(*each) for each in zip(staff, passwords, hashes, strict=True)]


async def take_in(
    connection: AsyncConnection,
    hired: Sequence[Hired],
    state: SetupState,
    *,
    by_user_id: int,
    now: datetime,
) -> SetupState:
    """Make the accounts, and close those of an earlier sheet that are not in this one and were
    never used. Raises UserRefused, PasswordRefused."""
    rows = await connection.execute(
        select(user.c.id, user.c.login, user.c.last_login_at).where(user.c.id.in_(state.staff))
    )
    unused = {row.login: row.id for row in rows if row.last_login_at is None}
    ids = []
    for one in hired:
        user_id = unused.pop(one.staff.login, None)
        if user_id is None:
            ids.append(await _create(connection, one, by_user_id, now))
        else:
            await _renew(connection, user_id, one, by_user_id, now)
    for user_id in unused.values():
        await set_user_active(connection, user_id, False, now, by_user_id=by_user_id)
    return after(replace(state, staff=[*state.staff, *ids]), "staff")


async def _create(connection: AsyncConnection, one: Hired, by_user_id: int, now: datetime) -> int:
    return await create_user(
        connection,
        login=one.staff.login,
        name=one.staff.name,
        password=one.password,
        password_hash=one.password_hash,
        org_id=one.staff.org_id,
        role=one.staff.role,
        now=now,
        must_change_password=True,
        by_user_id=by_user_id,
    )


async def _renew(
    connection: AsyncConnection, user_id: int, one: Hired, by_user_id: int, now: datetime
) -> None:
    """The sheet came again, before this person ever logged in."""
    values = {"name": one.staff.name, "org_id": one.staff.org_id, "role": one.staff.role.value}
    await connection.execute(
        update(user)
        .where(user.c.id == user_id)
        .values(
            **values,
            password_hash=one.password_hash,
            must_change_password=True,
            active=True,
            failed_logins=0,
            locked_until=None,
        )
    )
    detail = {"role": one.staff.role.value, "org_id": one.staff.org_id}
    await record_audit(
        connection, "user_changed", now, user_id=by_user_id, subject=one.staff.login, detail=detail
    )
