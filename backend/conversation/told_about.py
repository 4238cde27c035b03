"""Which petition an answer speaks of: officials see what the citizen was told beside it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.texts import Reply
from backend.petitions.tables import petition

_OWN = select(petition.c.id).where(
    petition.c.number == bindparam("named"), petition.c.citizen_id == bindparam("whose")
)


async def told_about(
    connection: AsyncConnection, citizen_id: int, replies: Sequence[Reply]
) -> int | None:
    """The petition's id where the replies name exactly one number, and it is the citizen's own:
    what someone else asks about a petition is nothing for its page."""
    numbers = {reply.params["number"] for reply in replies if reply.params.get("number")}
    if len(numbers) != 1:
        return None
    return await connection.scalar(_OWN, {"named": numbers.pop(), "whose": citizen_id})
