"""What passed with one address lately, for channels whose quotas depend on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.permissions import unspent
from backend.conversation.tables import PUSH_KIND, address, address_event, message, outbox
from backend.ports import Contact, ContactHistory, MessageKind

# Of one who writes without end only the last count.
MOST_CONTACTS = 200


async def contact_history(
    connection: AsyncConnection, account_id: int, external_id: str, since: datetime
) -> ContactHistory:
    """Since then, oldest first; empty for an address nobody has written from."""
    who = (
        await connection.execute(
            select(address.c.id, address.c.citizen_id).where(
                address.c.account_id == account_id,
                address.c.external_id == external_id,
                address.c.ended_at.is_(None),
            )
        )
    ).first()
    if who is None:
        return ContactHistory()
    return ContactHistory(
        await _contacts(connection, who, since),
        await _pushed(connection, who.id, since),
        await unspent(connection, who.id),
    )


async def _contacts(
    connection: AsyncConnection, who: Row[int, int], since: datetime
) -> list[Contact]:
    # By citizen, as the index goes; before they were linked or merged it was another one's.
    before = select(address_event.c.other_citizen_id).where(
        address_event.c.citizen_id == who.citizen_id, address_event.c.address_id == who.id
    )
    rows = await connection.execute(
        select(message.c.sent_at, message.c.received_at, message.c.kind, message.c.detail)
        .where(or_(message.c.citizen_id == who.citizen_id, message.c.citizen_id.in_(before)))
        .where(message.c.address_id == who.id, message.c.received_at > since)
        .where(message.c.kind.not_in((MessageKind.INTERNAL.value, PUSH_KIND)))
        .order_by(message.c.id.desc())
        .limit(MOST_CONTACTS)
    )
    return [
        Contact(
            # The provider's clock may be ahead of ours.
            min(row.received_at, row.sent_at or row.received_at),
            MessageKind(row.kind),
            str((row.detail or {}).get("event", "")),
        )
        for row in reversed(rows.all())
    ]


async def _pushed(connection: AsyncConnection, address_id: int, since: datetime) -> list[datetime]:
    rows = await connection.execute(
        select(outbox.c.pushed_at, outbox.c.pushes)
        .where(outbox.c.address_id == address_id, outbox.c.pushed_at > since)
        .order_by(outbox.c.pushed_at)
    )
    return [row.pushed_at for row in rows for _ in range(row.pushes)]
