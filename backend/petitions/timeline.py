"""The story of one petition: what the citizen sent and was told, and what was done about it.

Reads the conversation's tables for display only, of a petition the caller may see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import media, message, notice, outbox, photo_text
from backend.organisation.sessions import Actor
from backend.organisation.tables import account, org, user
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition, petition_event, petition_message
from backend.petitions.visibility import visible_to


@dataclass(frozen=True, slots=True)
class MediaItem:
    """A photo, voice or video; bytes come from the authorised route only. `words`: what a machine
    read in the photo, '' for nothing, and how sure it is, 0 to 1; the citizen did not write it."""

    id: int
    kind: str
    state: str
    content_type: str | None
    width: int | None
    height: int | None
    words: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the citizen sent. `original`: part of the petition from the start, else added."""

    at: datetime
    id: int
    kind: str
    text: str
    original: bool
    media: Sequence[MediaItem]


@dataclass(frozen=True, slots=True)
class Told:
    """What the citizen was told; `state` is how far it got (see the outbox). `way`: how it came
    where it did not come by itself: sms (to a linked phone), page (read there), or the notice that
    waits to be opened (template, subscribe); else None."""

    at: datetime
    id: int
    key: str
    text: str
    state: str
    sent_at: datetime | None
    way: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One event. `actor` is citizen, official or machine; names for officials."""

    at: datetime
    id: int
    type: str
    actor: str
    user_name: str | None
    org_name: str | None
    reason: str
    detail: Mapping[str, Any]


TimelineItem = Said | Told | Happened


_ID: BindParameter[int] = bindparam("petition_id")
_SAID = (
    select(
        *(message.c[name] for name in ("id", "received_at", "kind", "text")),
        petition_message.c.role,
    )
    .join(petition_message, petition_message.c.message_id == message.c.id)
    .where(petition_message.c.petition_id == _ID)
    .order_by(message.c.id)
)
_MEDIA = (
    select(media, photo_text.c.text.label("words"), photo_text.c.confidence)
    .join(petition_message, petition_message.c.message_id == media.c.message_id)
    .outerjoin(photo_text, photo_text.c.media_id == media.c.id)
    .where(petition_message.c.petition_id == _ID)
    .order_by(media.c.id)
)
_TURNS = (
    select(message.c.turn_id)
    .join(petition_message, petition_message.c.message_id == message.c.id)
    .where(petition_message.c.petition_id == _ID, message.c.turn_id.is_not(None))
)
_live = notice.alias("live")
_told_by = select(account.c.channel).where(account.c.id == outbox.c.account_id).scalar_subquery()
_WAY = case(
    (outbox.c.moved_from.is_not(None) & (_told_by == "sms"), "sms"),
    (outbox.c.moved_from.is_not(None), "wechat"),
    (outbox.c.route == "page", "page"),
    (
        outbox.c.state == "kept",
        select(_live.c.by)
        .where(_live.c.outbox_id == outbox.c.id, _live.c.state != "failed")
        .order_by(_live.c.id.desc())
        .limit(1)
        .scalar_subquery(),
    ),
)
_TOLD = (
    select(
        *(outbox.c[name] for name in ("id", "created_at", "key", "text", "state", "sent_at")),
        _WAY.label("way"),
    )
    .where(or_(outbox.c.petition_id == _ID, outbox.c.turn_id.in_(_TURNS)))
    .order_by(outbox.c.id)
)
_HAPPENED = (
    select(petition_event, user.c.name.label("user_name"), org.c.name.label("org_name"))
    .outerjoin(user, user.c.id == petition_event.c.user_id)
    .outerjoin(org, org.c.id == petition_event.c.org_id)
    .where(petition_event.c.petition_id == _ID)
    .order_by(petition_event.c.id)
)


async def timeline_of(
    connection: AsyncConnection, petition_id: int, *, shown: bool
) -> Sequence[TimelineItem]:
    """What was said, told and done, oldest first. `shown` False: numbers inside are masked."""
    which = {"petition_id": petition_id}
    said = await connection.execute(_SAID, which)
    photos: dict[int, list[MediaItem]] = {}
    for row in await connection.execute(_MEDIA, which):
        photos.setdefault(row.message_id, []).append(_medium(row, shown))
    told = await connection.execute(_TOLD, which)
    happened = await connection.execute(_HAPPENED, which)
    # At one moment: what was said, what it caused, what was answered.
    ranked: list[tuple[datetime, int, int, TimelineItem]] = [
        *((row.received_at, 0, row.id, _said(row, photos, shown)) for row in said),
        *((row.at, 1, row.id, _event(row, shown)) for row in happened),
        *((row.created_at, 2, row.id, _told(row, shown)) for row in told),
    ]
    return [item for *_, item in sorted(ranked, key=lambda one: one[:3])]


async def media_visible(connection: AsyncConnection, actor: Actor, media_id: int) -> bool:
    """Whether the official may fetch this photo or voice: it belongs to a petition they see."""
    found = await connection.execute(
        select(media.c.id)
        .join(petition_message, petition_message.c.message_id == media.c.message_id)
        .join(petition, petition.c.id == petition_message.c.petition_id)
        .where(media.c.id == media_id, visible_to(actor))
        .limit(1)
    )
    return found.first() is not None


def words_shown(text: str, shown: bool) -> str:
    """As it was written; numbers of phones and of persons masked unless `shown`."""
    return text if shown else mask_numbers(text)


def _said(row: Any, photos: Mapping[int, Sequence[MediaItem]], shown: bool) -> Said:
    return Said(
        row.received_at,
        row.id,
        row.kind,
        words_shown(row.text, shown),
        row.role == "original",
        photos.get(row.id, []),
    )


def _medium(row: Row[Any], shown: bool) -> MediaItem:
    return MediaItem(
        row.id,
        row.kind,
        row.state,
        row.content_type,
        row.width,
        row.height,
        words_shown(row.words or "", shown),
        row.confidence,
    )


def _told(row: Row[*tuple[Any, ...]], shown: bool) -> Told:
    return Told(
        row.created_at,
        row.id,
        row.key,
        words_shown(row.text, shown),
        row.state,
        row.sent_at,
        row.way,
    )


def _event(row: Row[Any], shown: bool) -> Happened:
    return Happened(
        row.at,
        row.id,
        row.type,
        row.actor,
        row.user_name,
        row.org_name,
        words_shown(row.reason, shown),
        {
            name: words_shown(value, shown) if isinstance(value, str) else value
            for name, value in (row.detail or {}).items()
        },
    )
