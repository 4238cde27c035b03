"""A petition's words exactly as they were written: the bot reads and returns cleaned text."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import message
from backend.triage.cleaning import clean


async def original_words(
    connection: AsyncConnection, message_ids: Sequence[int], cleaned: str
) -> str:
    """The messages whose words make up `cleaned`, as they came, a line each; `cleaned` itself
    where none of them does (words put together from a form)."""
    rows = await connection.execute(
        select(message.c.text)
        .where(message.c.id.in_(message_ids), message.c.text != "")
        .order_by(message.c.id)
    )
    originals = [row.text for row in rows if clean(row.text).text in cleaned]
    return "\n".join(originals) or cleaned
