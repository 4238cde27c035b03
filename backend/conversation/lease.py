"""The lease of one citizen's conversation, with a fencing token.

A worker that was stopped and wakes up after its lease has passed to another finds its fence too
old at commit, and its transaction is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import conversation
from backend.database.insert_once import InsertOnce

LEASE_SECONDS = 20.0

_c = conversation.c
_TAKE = (
    update(conversation)
    .where(_c.citizen_id == bindparam("whose"))
    .where(or_(_c.lease_until.is_(None), _c.lease_until < bindparam("now")))
    .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"), fence=_c.fence + 1)
    .returning(
        _c.fence,
        _c.state,
        _c.busy,
        _c.prompt,
        _c.last_inbound_at,
        _c.retry_at,
        _c.linking_until,
    )
)
_OPEN = InsertOnce(conversation, ["citizen_id"], _c.fence)
_HELD = update(conversation).where(
    _c.citizen_id == bindparam("whose"), _c.fence == bindparam("held")
)


class LeaseLost(Exception):
    """Another worker holds the conversation now: roll back, do nothing."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A held conversation and what it was when the lease was taken. Until `linking_until` a bare
    phone number or code is for linking a phone."""

    citizen_id: int
    fence: int
    state: dict[str, Any] | None
    busy: bool
    prompt: dict[str, Any] | None
    last_inbound_at: datetime | None
    retry_at: datetime | None
    linking_until: datetime | None = None


async def take(
    connection: AsyncConnection, citizen_id: int, owner: str, now: datetime, seconds: float
) -> Lease | None:
    """Take the lease for `seconds`, opening the conversation if need be; None while it is held."""
    until = now + timedelta(seconds=seconds)
    result = await connection.execute(
        _TAKE, {"whose": citizen_id, "now": now, "owner": owner, "until": until}
    )
    row = result.first()
    if row is not None:
        return Lease(citizen_id, *row)
    opened = await connection.execute(
        _OPEN(connection),
        {
            "citizen_id": citizen_id,
            "busy": False,
            "fence": 1,
            "lease_owner": owner,
            "lease_until": until,
        },
    )
    if opened.first() is None:
        return None
    return Lease(citizen_id, 1, None, False, None, None, None)


async def give_back(connection: AsyncConnection, lease: Lease, **values: Any) -> None:
    """Release, writing `values` with it. Raises LeaseLost when the fence has moved on."""
    result = await connection.execute(
        _HELD,
        {
            "whose": lease.citizen_id,
            "held": lease.fence,
            "lease_owner": None,
            "lease_until": None,
            **values,
        },
    )
    if result.rowcount != 1:
        raise LeaseLost
