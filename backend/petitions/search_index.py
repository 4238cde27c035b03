"""Keeps the search index beside the petitions, in the transaction of each change."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import media, photo_text
from backend.database.insert_once import InsertOnce
from backend.petitions.search_terms import index_words
from backend.petitions.tables import (
    petition,
    petition_event,
    petition_message,
    petition_search,
)

INDEXED = frozenset({"title", "text", "place", "contact_phone", "state"})
"""Columns of a petition whose change changes what finds it."""
BATCH = 500
_NOT_DIGIT = re.compile(r"[^0-9]")

_SOURCE = select(
    petition.c.id,
    petition.c.title,
    petition.c.text,
    petition.c.place,
    petition.c.contact_phone,
    petition.c.state,
)
_ONE = _SOURCE.where(petition.c.id == bindparam("which"))
_MISSING = (
    _SOURCE.outerjoin_from(
        petition, petition_search, petition_search.c.petition_id == petition.c.id
    )
    .where(petition_search.c.petition_id.is_(None), petition.c.id > bindparam("last"))
    .order_by(petition.c.id)
    .limit(BATCH)
)
_ADDED = (
    select(petition_event.c.petition_id, petition_event.c.detail)
    .where(
        petition_event.c.petition_id.in_(bindparam("ids", expanding=True)),
        petition_event.c.type == "added",
    )
    .order_by(petition_event.c.id)
)
_IN_PHOTOS = (
    select(petition_message.c.petition_id, photo_text.c.text)
    .join(media, media.c.message_id == petition_message.c.message_id)
    .join(photo_text, photo_text.c.media_id == media.c.id)
    .where(
        petition_message.c.petition_id.in_(bindparam("ids", expanding=True)),
        photo_text.c.text != "",
    )
    .order_by(photo_text.c.media_id)
)
_OF_MESSAGE = select(petition_message.c.petition_id).where(
    petition_message.c.message_id == bindparam("which")
)
_ADD = InsertOnce(petition_search, ["petition_id"])
_CHANGE = (
    update(petition_search)
    .where(petition_search.c.petition_id == bindparam("which"))
    .values(words=bindparam("new_words"), phone_backwards=bindparam("new_phone"))
)


async def index_petition(connection: AsyncConnection, petition_id: int) -> None:
    """Write what finds this petition: its title, text and place, what the citizen added, what is
    written in the photos, its state, and its contact phone."""
    row = (await connection.execute(_ONE, {"which": petition_id})).one()
    entry = _entry(row, (await _further_words(connection, [petition_id]))[petition_id])
    changed = await connection.execute(
        _CHANGE,
        {
            "which": petition_id,
            "new_words": entry["words"],
            "new_phone": entry["phone_backwards"],
        },
    )
    if changed.rowcount == 0:
        await connection.execute(_ADD(connection), entry)


async def index_petitions_of_message(connection: AsyncConnection, message_id: int) -> None:
    """The same for every petition this message is part of."""
    for row in (await connection.execute(_OF_MESSAGE, {"which": message_id})).all():
        await index_petition(connection, row.petition_id)


async def index_missing(connection: AsyncConnection) -> int:
    """Write the entries of petitions that have none (they were filed before there was an index);
    how many there were. Running it again changes nothing."""
    last, count = 0, 0
    while rows := (await connection.execute(_MISSING, {"last": last})).all():
        more = await _further_words(connection, [row.id for row in rows])
        await connection.execute(_ADD(connection), [_entry(row, more[row.id]) for row in rows])
        last, count = rows[-1].id, count + len(rows)
    return count


async def rebuild_search_index(connection: AsyncConnection) -> int:
    """Write every entry anew; how many there are. Searches find the old ones until the caller's
    transaction ends."""
    await connection.execute(petition_search.delete())
    return await index_missing(connection)


def phone_backwards(phone: str | None) -> str | None:
    """Its digits from the last to the first, so that an index finds an ending."""
    return _NOT_DIGIT.sub("", phone)[::-1] or None if phone else None


async def _further_words(
    connection: AsyncConnection, petition_ids: Sequence[int]
) -> Mapping[int, Sequence[str]]:
    """What the citizen added to each of these petitions, and what is written in its photos."""
    which = {"ids": list(petition_ids)}
    words: dict[int, list[str]] = defaultdict(list)
    for row in await connection.execute(_ADDED, which):
        if row.detail and row.detail.get("text"):
            words[row.petition_id].append(str(row.detail["text"]))
    for row in await connection.execute(_IN_PHOTOS, which):
        words[row.petition_id].append(row.text)
    return words


def _entry(row: Row[*tuple[Any, ...]], further: Sequence[str]) -> dict[str, Any]:
    return {
        "petition_id": row.id,
        "words": index_words([row.title, row.place, row.text, *further], row.state),
        "phone_backwards": phone_backwards(row.contact_phone),
    }
