"""The lease of one citizen's conversation, with a fencing token.

A worker that was stopped and wakes up after its lease has passed to another finds its fence too
old at commit, and its transaction is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import conversation

LEASE_SECONDS = 20.0


class LeaseLost(Exception):
    """Another worker holds the conversation now: roll back, do nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A held conversation and what it was when the lease was taken."""

    citizen_id: int
    fence: int
    state: dict[str, Any] | None
    busy: bool
    prompt: dict[str, Any] | None
    turn_seq: int
    last_inbound_at: datetime | None
    retry_at: datetime | None


async def take(
    connection: AsyncConnection, citizen_id: int, owner: str, now: datetime, seconds: float
) -> Lease | None:
    """Take the lease for `seconds`, opening the conversation if need be; None while it is held."""
    table = conversation
    until = now + timedelta(seconds=seconds)
    result = await connection.execute(
        update(table)
        .where(table.c.citizen_id == citizen_id)
        .where(or_(table.c.lease_until.is_(None), table.c.lease_until < now))
        .values(lease_owner=owner, lease_until=until, fence=table.c.fence + 1)
        .returning(
            table.c.fence,
            table.c.state,
            table.c.busy,
            table.c.prompt,
            table.c.turn_seq,
            table.c.last_inbound_at,
            table.c.retry_at,
        )
    )
    row = result.first()
    if row is not None:
        return Lease(citizen_id, *row)
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    opened = await connection.execute(
        insert(table)
        .values(
            citizen_id=citizen_id,
            busy=False,
            turn_seq=0,
            fence=1,
            lease_owner=owner,
            lease_until=until,
        )
        .on_conflict_do_nothing(index_elements=["citizen_id"])
        .returning(table.c.fence)
    )
    if opened.first() is None:
        return None
    return Lease(citizen_id, 1, None, False, None, 0, None, None)


async def give_back(connection: AsyncConnection, lease: Lease, **values: Any) -> None:
    """Release, writing `values` with it. Raises LeaseLost when the fence has moved on."""
    result = await connection.execute(
        update(conversation)
        .where(conversation.c.citizen_id == lease.citizen_id, conversation.c.fence == lease.fence)
        .values(lease_owner=None, lease_until=None, **values)
    )
    if result.rowcount != 1:
        raise LeaseLost
