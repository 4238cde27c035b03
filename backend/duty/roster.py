"""The duty roster: who is on duty where, as an administrator of the branch keeps it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.duty.order import Officer
from backend.duty.tables import duty_officer
from backend.organisation.audit import record_audit
from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user

MOST_OF_AN_OFFICE = 60
_PHONE = re.compile(r"1[3-9]\d{9}")
_o = duty_officer.c


class DutyRefused(Exception):
    """Why an entry was not taken: phone, day, user, many or forbidden."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with the names an administrator reads; `phone` is masked."""

    id: int
    org_name: str
    user_name: str
    phone: str
    on_date: date | None
    weekday: int | None
    works: bool


@dataclass(frozen=True, slots=True)
class Person:
    """An official who may be put on duty."""

    id: int
    name: str
    org_name: str


async def entries(connection: AsyncConnection, actor: Actor, today: date) -> Sequence[Entry]:
    """Of the actor's branch, office by office; days gone by are left out."""
    if not may(actor.role, Permission.MANAGE_USERS):
        return []
    rows = await connection.execute(
        select(duty_officer, org.c.name.label("org_name"), user.c.name.label("user_name"))
        .add_columns(user.c.active)
        .join(org, org.c.id == _o.org_id)
        .join(user, user.c.id == _o.user_id)
        .where(_o.ended_at.is_(None), org.c.path.startswith(actor.org_path, autoescape=True))
        .where(or_(_o.on_date.is_(None), _o.on_date >= today))
        .order_by(org.c.path, _o.on_date, _o.weekday, _o.id)
    )
    return [
        Entry(
            row.id,
            row.org_name,
            row.user_name,
            f"{row.phone[:3]}****{row.phone[-4:]}",
            row.on_date,
            row.weekday,
            row.active,
        )
        for row in rows
    ]


async def people(connection: AsyncConnection, actor: Actor) -> Sequence[Person]:
    """Active officials of the actor's branch."""
    rows = await connection.execute(
        select(user.c.id, user.c.name, org.c.name.label("org_name"))
        .join(org, org.c.id == user.c.org_id)
        .where(user.c.active, org.c.path.startswith(actor.org_path, autoescape=True))
        .order_by(org.c.path, user.c.name)
    )
    return [Person(row.id, row.name, row.org_name) for row in rows]


async def put_on_duty(
    connection: AsyncConnection,
    actor: Actor,
    *,
    org_id: int,
    user_id: int,
    phone: str,
    on_date: date | None,
    weekday: int | None,
    today: date,
    now: datetime,
) -> int:
    """The entry's id; audited. Office and official must be of the actor's branch. Raises
    DutyRefused."""
    _check_permission(actor)
    if not _PHONE.fullmatch(phone):
        raise DutyRefused("phone")
    if on_date is not None and on_date < today:
        raise DutyRefused("day")
    await _check_branch(connection, actor, org_id, user_id)
    of_office = select(func.count()).where(_o.org_id == org_id, _o.ended_at.is_(None))
    if (await connection.scalar(of_office) or 0) >= MOST_OF_AN_OFFICE:
        raise DutyRefused("many")
    added = await connection.scalar(
        duty_officer.insert()
        .values(
            org_id=org_id,
            user_id=user_id,
            phone=phone,
            on_date=on_date,
            weekday=None if on_date else weekday,
            created_at=now,
            created_by=actor.user_id,
        )
        .returning(_o.id)
    )
    await _audit(connection, actor, "duty_put_on", int(added or 0), org_id, user_id, now)
    return int(added or 0)


async def take_off_duty(
    connection: AsyncConnection, actor: Actor, entry_id: int, now: datetime
) -> bool:
    """False for an entry of another branch, or one taken off before. Audited."""
    _check_permission(actor)
    branch = select(org.c.id).where(org.c.path.startswith(actor.org_path, autoescape=True))
    ended = await connection.execute(
        update(duty_officer)
        .where(_o.id == entry_id, _o.ended_at.is_(None), _o.org_id.in_(branch))
        .values(ended_at=now, ended_by=actor.user_id)
        .returning(_o.org_id, _o.user_id)
    )
    row = ended.first()
    if row is None:
        return False
    await _audit(connection, actor, "duty_taken_off", entry_id, row.org_id, row.user_id, now)
    return True


async def officers_above(connection: AsyncConnection, path: str) -> list[Officer]:
    """Every officer of the office with that path and of those above it, up to the county."""
    ids = [int(part) for part in path.split("/") if part]
    rows = await connection.execute(
        select(duty_officer)
        .join(user, user.c.id == _o.user_id)
        .where(_o.org_id.in_(ids), _o.ended_at.is_(None), user.c.active)
    )
    return [
        Officer(
            row.id,
            row.org_id,
            ids.index(row.org_id) + 1,
            row.user_id,
            row.phone,
            row.on_date,
            row.weekday,
        )
        for row in rows
    ]


def _check_permission(actor: Actor) -> None:
    if not may(actor.role, Permission.MANAGE_USERS):
        raise DutyRefused("forbidden")


async def _check_branch(
    connection: AsyncConnection, actor: Actor, org_id: int, user_id: int
) -> None:
    inside = org.c.path.startswith(actor.org_path, autoescape=True)
    office = await connection.scalar(
        select(org.c.id).where(org.c.id == org_id, inside, org.c.active)
    )
    official = await connection.scalar(
        select(user.c.id)
        .join(org, org.c.id == user.c.org_id)
        .where(user.c.id == user_id, user.c.active, inside)
    )
    if office is None or official is None:
        raise DutyRefused("user")


async def _audit(
    connection: AsyncConnection,
    actor: Actor,
    action: str,
    entry_id: int,
    org_id: int,
    user_id: int,
    now: datetime,
) -> None:
    await record_audit(
        connection,
        action,
        now,
        user_id=actor.user_id,
        subject=f"duty:{entry_id}",
        detail={"org_id": org_id, "user_id": user_id},
    )
