"""What is written in photos, in SQL: which wait to be read, and what was found in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import media, photo_text
from backend.database.insert_once import InsertOnce

_ADD = InsertOnce(photo_text, ["media_id"])
_NEXT = (
    select(
        photo_text.c.media_id,
        (photo_text.c.attempts + 1).label("attempts"),
        media.c.sha256,
        media.c.message_id,
    )
    .join(media, media.c.id == photo_text.c.media_id)
    .where(photo_text.c.state == "waiting", photo_text.c.due_at <= bindparam("now"))
    .order_by(photo_text.c.due_at)
    .limit(1)
)
_WORDS = (
    select(photo_text.c.text)
    .join(media, media.c.id == photo_text.c.media_id)
    .where(media.c.message_id.in_(bindparam("ids", expanding=True)), photo_text.c.text != "")
    .order_by(photo_text.c.media_id)
)


async def note_waiting(
    connection: AsyncConnection, media_ids: Sequence[int], now: datetime
) -> None:
    """These photos are kept and may be read; a repeat changes nothing."""
    if media_ids:
        rows = [
            {"media_id": one, "state": "waiting", "text": "", "attempts": 0, "due_at": now}
            for one in media_ids
        ]
        await connection.execute(_ADD(connection), rows)


async def claim(connection: AsyncConnection, now: datetime, until: datetime) -> Any:
    """The photo that has waited longest, which nobody else takes before `until`: media_id,
    attempts (this one counted), sha256, message_id; None for none."""
    row = (await connection.execute(_NEXT, {"now": now})).first()
    if row is None:
        return None
    taken = await connection.execute(
        _waiting(row.media_id)
        .where(photo_text.c.due_at <= now)
        .values(due_at=until, attempts=row.attempts)
    )
    return row if taken.rowcount else None


async def keep(connection: AsyncConnection, media_id: int, **values: Any) -> None:
    """What became of a waiting one; one that no longer waits stays as it is."""
    await connection.execute(_waiting(media_id).values(**values))


async def words_in_photos(connection: AsyncConnection, message_ids: Sequence[int]) -> str:
    """What was read in the photos of these messages until now, a photo's words each on lines of
    their own; '' for none."""
    rows = await connection.execute(_WORDS, {"ids": list(message_ids)})
    return "\n".join(row.text for row in rows)


def _waiting(media_id: int) -> Update:
    return update(photo_text).where(
        photo_text.c.media_id == media_id, photo_text.c.state == "waiting"
    )
