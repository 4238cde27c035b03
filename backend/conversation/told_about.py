"""Which petition an answer speaks of: officials see what the citizen was told beside it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.texts import Reply
from backend.petitions.tables import petition


async def told_about(
    connection: AsyncConnection, citizen_id: int, replies: Sequence[Reply]
) -> int | None:
    """The petition's id where the replies name exactly one number, and it is the citizen's own:
    what someone else asks about a petition is nothing for its page."""
    numbers = {reply.params["number"] for reply in replies if reply.params.get("number")}
    if len(numbers) != 1:
        return None
    found = await connection.execute(
        select(petition.c.id).where(
            petition.c.number == numbers.pop(), petition.c.citizen_id == citizen_id
        )
    )
    return found.scalar_one_or_none()
