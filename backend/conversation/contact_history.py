"""What passed with one address lately, for channels whose quotas depend on it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import PUSH_KIND, address, address_event, message, outbox
from backend.database.columns import UtcDateTime
from backend.ports import Contact, ContactHistory, MessageKind

# Of one who writes without end only the last count.
MOST_CONTACTS = 200

_who = (
    select(address.c.id, address.c.citizen_id)
    .where(
        address.c.account_id == bindparam("of_account"),
        address.c.external_id == bindparam("known_as"),
        address.c.ended_at.is_(None),
    )
    .cte("who")
)
# Found by citizen, as the index goes; before they were linked or merged it was another one's.
_citizens = select(_who.c.citizen_id).union(
    select(address_event.c.other_citizen_id).where(
        address_event.c.citizen_id == select(_who.c.citizen_id).scalar_subquery(),
        address_event.c.address_id == select(_who.c.id).scalar_subquery(),
    )
)
_SINCE = bindparam("since", type_=UtcDateTime())
_came = (
    select(
        message.c.id,
        message.c.received_at.label("at"),
        message.c.sent_at,
        message.c.kind,
        message.c.detail,
        literal(0).label("pushes"),
    )
    .where(message.c.citizen_id.in_(_citizens))
    .where(message.c.address_id == select(_who.c.id).scalar_subquery())
    .where(message.c.received_at > _SINCE)
    .where(message.c.kind != MessageKind.INTERNAL.value, message.c.kind != PUSH_KIND)
    .order_by(message.c.id.desc())
    .limit(MOST_CONTACTS)
    .subquery("came")
)
_went = select(
    outbox.c.id,
    outbox.c.pushed_at.label("at"),
    null().label("sent_at"),
    null().label("kind"),
    null().label("detail"),
    outbox.c.pushes,
).where(outbox.c.address_id == select(_who.c.id).scalar_subquery(), outbox.c.pushed_at > _SINCE)
_PASSED = union_all(select(_came), _went)


async def contact_history(
    connection: AsyncConnection, account_id: int, external_id: str, since: datetime
) -> ContactHistory:
    """Since then, oldest first; empty for an address nobody has written from."""
    asked = {"of_account": account_id, "known_as": external_id, "since": since}
    rows = (await connection.execute(_PASSED, asked)).all()
    contacts = [
        Contact(
            # The provider's clock may be ahead of ours.
            min(row.at, row.sent_at or row.at),
            MessageKind(row.kind),
            str((row.detail or {}).get("event", "")),
        )
        for row in sorted(rows, key=lambda row: row.id)
        if row.kind is not None
    ]
    pushed = [row.at for row in rows if row.kind is None for _ in range(row.pushes)]
    return ContactHistory(contacts, sorted(pushed))
