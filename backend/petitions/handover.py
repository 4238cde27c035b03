"""Citizens who asked for a person rather than the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.roles import Permission, may
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.petitions.tables import handover
from backend.triage.cleaning import storable


@dataclass(frozen=True, slots=True)
class HandedOver:
    """`waiting_since`: an earlier request of the citizen that nobody has taken yet, if any."""

    handover_id: int
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A citizen who waits for a person."""

    id: int
    citizen_id: int
    org_id: int
    org_name: str
    text: str
    at: datetime


async def hand_over(
    connection: AsyncConnection,
    citizen_id: int,
    org_id: int,
    turn_id: int,
    text: str,
    now: datetime,
) -> HandedOver:
    """Once per turn; a repeat gives the same."""
    waiting = await connection.execute(
        select(handover.c.id, handover.c.turn_id, handover.c.at)
        .where(handover.c.citizen_id == citizen_id, handover.c.done_at.is_(None))
        .order_by(handover.c.id)
    )
    rows = waiting.all()
    before = next((row.at for row in rows if row.turn_id != turn_id), None)
    same = await connection.execute(select(handover.c.id).where(handover.c.turn_id == turn_id))
    known = same.scalar_one_or_none()
    if known is not None:
        return HandedOver(int(known), before)
    inserted = await connection.execute(
        handover.insert()
        .values(citizen_id=citizen_id, org_id=org_id, turn_id=turn_id, text=storable(text), at=now)
        .returning(handover.c.id)
    )
    return HandedOver(int(inserted.scalar_one()), before)


async def open_handovers(
    connection: AsyncConnection, actor: Actor, limit: int = 50
) -> Sequence[Waiting]:
    """Who waits in the actor's branch, longest first; nobody for roles that take nobody over."""
    if not may(actor.role, Permission.HAND_OVER):
        return []
    rows = await connection.execute(
        select(handover, org.c.name.label("org_name"))
        .join(org, org.c.id == handover.c.org_id)
        .where(
            handover.c.done_at.is_(None),
            org.c.path.startswith(actor.org_path, autoescape=True),
        )
        .order_by(handover.c.id)
        .limit(limit)
    )
    return [
        Waiting(row.id, row.citizen_id, row.org_id, row.org_name, row.text, row.at) for row in rows
    ]


async def close_handover(
    connection: AsyncConnection, actor: Actor, handover_id: int, now: datetime
) -> bool:
    """Mark one as taken care of; False if it is not the actor's to close, or was closed."""
    if not may(actor.role, Permission.HAND_OVER):
        return False
    branch_ids = select(org.c.id).where(org.c.path.startswith(actor.org_path, autoescape=True))
    closed = await connection.execute(
        update(handover)
        .where(
            handover.c.id == handover_id,
            handover.c.done_at.is_(None),
            handover.c.org_id.in_(branch_ids),
        )
        .values(done_at=now, done_by=actor.user_id)
        .returning(handover.c.id)
    )
    return closed.first() is not None
