"""A message about a petition that finds no way goes, whole, to a phone the citizen has linked.

The row itself moves to the other address, so that it can be told once only; where the text message
fails too, it moves back and is kept for the next contact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.outbox import Claimed
from backend.conversation.tables import address, outbox
from backend.organisation.tables import account
from backend.ports import Rejected, Unreachable

SMS = "sms"

_from = address.alias("from_address")
# The values that put a row back to the address it was for.
BACK: dict[str, Any] = {
    "state": "kept",
    "route": None,
    "address_id": outbox.c.moved_from,
    "account_id": (
        select(_from.c.account_id).where(_from.c.id == outbox.c.moved_from).scalar_subquery()
    ),
    "moved_from": None,
    "final_at": None,
}


async def elsewhere(
    connection: AsyncConnection, row: Claimed, result: Unreachable | Rejected, now: datetime
) -> dict[str, Any]:
    """The values that send a row which this result met another way; {} where there is none."""
    if row.moved_from is not None:
        return BACK
    if row.about is None or isinstance(result, Rejected):
        return {}
    own = select(address.c.citizen_id).where(address.c.id == row.address_id).scalar_subquery()
    phone = (
        await connection.execute(
            select(address.c.id, address.c.account_id)
            .join(account, account.c.id == address.c.account_id)
            .where(
                address.c.citizen_id == own,
                address.c.ended_at.is_(None),
                address.c.id != row.address_id,
                account.c.channel == SMS,
            )
            .order_by(address.c.id.desc())
            .limit(1)
        )
    ).first()
    if phone is None:
        return {}
    return {
        "state": "queued",
        "route": None,
        "attempts": 0,
        "due_at": now,
        "address_id": phone.id,
        "account_id": phone.account_id,
        "moved_from": row.address_id,
    }
