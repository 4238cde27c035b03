"""What was kept for a citizen about a petition, and is told by the page of it they have opened."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import outbox
from backend.petitions.tables import petition

ON_PAGE = "page"


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
