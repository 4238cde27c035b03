"""What was kept for a citizen, and is told by a page they have opened: a petition's, or that of the
message itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import CODE_KEY, address, outbox
from backend.petitions.tables import petition

ON_PAGE = "page"
# Whose phone it is by then, nobody knows.
LINK_GOOD_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """What a citizen was told, and when."""

    text: str
    at: datetime


async def read_on_page(connection: AsyncConnection, petition_id: int, now: datetime) -> int:
    """The citizen has opened the page of their petition, which shows all that was kept for them
    about it: told now, and not again at the next contact. Returns how many messages."""
    theirs = select(petition.c.citizen_id).where(petition.c.id == petition_id).scalar_subquery()
    read = await connection.execute(
        update(outbox)
        .where(outbox.c.petition_id == petition_id, outbox.c.citizen_id == theirs)
        .where(outbox.c.state == "kept")
        .values(state="delivered", route=ON_PAGE, sent_at=now, final_at=now)
    )
    return read.rowcount


async def read_by_link(
    connection: AsyncConnection, outbox_id: int, now: datetime
) -> ReadMessage | None:
    """A message whose citizen has opened its own page: told now, and not again at the next contact.
    None where there is none, it is too old, it is a code, or its number has passed on."""
    found = await connection.execute(
        select(outbox.c.text, outbox.c.created_at)
        .join(address, address.c.id == outbox.c.address_id)
        .where(outbox.c.id == outbox_id, outbox.c.created_at > now - LINK_GOOD_FOR)
        .where(outbox.c.key != CODE_KEY, address.c.ended_at.is_(None))
    )
    row = found.first()
    if row is None:
        return None
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == outbox_id, outbox.c.state.in_(("kept", "unknown")))
        .values(state="delivered", route=ON_PAGE, sent_at=now, final_at=now)
    )
    return ReadMessage(row.text, row.created_at)
