"""One petition as an official sees it: what holds, what the machine read, and its whole story.

Reads the conversation's tables for display only; everything goes through `visible_to`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import media, message, outbox
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user
from backend.petitions.access import permitted_actions, select_visible
from backend.petitions.lifecycle import Action
from backend.petitions.masking import mask_name, mask_numbers, mask_phone
from backend.petitions.tables import (
    dispatch,
    petition,
    petition_event,
    petition_message,
    petition_reading,
    petition_subject,
)
from backend.petitions.visibility import sees_identity, visible_to


@dataclass(frozen=True, slots=True)
class Reading:
    """What the machine read for a field, and a human's word over it."""

    field: str
    value: str | None
    confidence: float | None
    candidates: Sequence[tuple[str, float]]
    model: str
    corrected_to: str | None
    corrected_by: str | None
    corrected_at: datetime | None


@dataclass(frozen=True, slots=True)
class DispatchLine:
    """One office it was given to."""

    org_id: int
    org_name: str
    role: str
    state: str
    at: datetime
    ended_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """An office or official it speaks about. `by_machine`: found in the text."""

    id: int
    org_name: str | None
    user_name: str | None
    words: str
    at: datetime
    by_machine: bool
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MediaItem:
    """A photo, voice or video; bytes come from the authorised route only."""

    id: int
    kind: str
    state: str
    content_type: str | None
    width: int | None
    height: int | None


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
    """What the citizen was told; `state` is how far it got (see the outbox)."""

    at: datetime
    id: int
    key: str
    text: str
    state: str
    sent_at: datetime | None


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


@dataclass(frozen=True, slots=True)
class PetitionView:
    """All of one petition. `identity_shown` False: name and phone are masked, and numbers inside
    what was written. `actions`: the steps this official may take now."""

    id: int
    number: str
    version: int
    state: str
    kind: str
    domain: str
    urgency: str
    title: str
    text: str
    place: str
    place_code: str | None
    since: str | None
    sensitive: Sequence[str]
    confidential: bool
    channel: str
    org_id: int
    org_name: str
    lead_org_id: int | None
    lead_name: str | None
    contact_name: str | None
    contact_phone: str | None
    identity_shown: bool
    answer: str | None
    rating: int | None
    rating_comment: str | None
    reopened: int
    reminders: int
    received_at: datetime
    accepted_at: datetime | None
    dispatched_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    due_on: date | None
    readings: Sequence[Reading]
    dispatches: Sequence[DispatchLine]
    subjects: Sequence[Subject]
    timeline: Sequence[TimelineItem]
    actions: frozenset[Action]


async def petition_view(
    connection: AsyncConnection, actor: Actor, number: str
) -> PetitionView | None:
    """None where there is no such petition, or none this official sees."""
    found = await connection.execute(select_visible(actor).where(petition.c.number == number))
    row = found.first()
    if row is None:
        return None
    shown = sees_identity(actor, row)
    timeline = await _timeline(connection, row.id, shown)
    return PetitionView(
        id=row.id,
        number=row.number,
        version=row.version,
        state=row.state,
        kind=row.kind,
        domain=row.domain,
        urgency=row.urgency,
        title=_words(row.title, shown),
        text=_words(row.text, shown),
        place=row.place,
        place_code=row.place_code,
        since=row.since,
        sensitive=tuple(row.sensitive or ()),
        confidential=row.confidential,
        channel=row.channel,
        org_id=row.org_id,
        org_name=row.org_name,
        lead_org_id=row.lead_org_id,
        lead_name=row.lead_name,
        contact_name=row.contact_name if shown else _masked(row.contact_name, mask_name),
        contact_phone=row.contact_phone if shown else _masked(row.contact_phone, mask_phone),
        identity_shown=shown,
        answer=row.answer,
        rating=row.rating,
        rating_comment=_words(row.rating_comment, shown) if row.rating_comment else None,
        reopened=row.reopened,
        reminders=row.reminders,
        received_at=row.received_at,
        accepted_at=row.accepted_at,
        dispatched_at=row.dispatched_at,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
        due_on=row.due_on,
        readings=await _readings(connection, row.id),
        dispatches=await _dispatches(connection, row.id),
        subjects=await _subjects(connection, row.id),
        timeline=timeline,
        actions=permitted_actions(actor, row),
    )


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


async def _readings(connection: AsyncConnection, petition_id: int) -> Sequence[Reading]:
    rows = await connection.execute(
        select(petition_reading, user.c.name.label("corrector"))
        .outerjoin(user, user.c.id == petition_reading.c.corrected_by)
        .where(petition_reading.c.petition_id == petition_id)
        .order_by(petition_reading.c.id)
    )
    return [
        Reading(
            row.field,
            row.value,
            row.confidence,
            [(str(value), float(confidence)) for value, confidence in row.candidates or ()],
            row.model,
            row.corrected_to,
            row.corrector,
            row.corrected_at,
        )
        for row in rows
    ]


async def _dispatches(connection: AsyncConnection, petition_id: int) -> Sequence[DispatchLine]:
    rows = await connection.execute(
        select(dispatch, org.c.name.label("org_name"))
        .join(org, org.c.id == dispatch.c.org_id)
        .where(dispatch.c.petition_id == petition_id)
        .order_by(dispatch.c.id)
    )
    return [
        DispatchLine(
            row.org_id, row.org_name, row.role, row.state, row.at, row.ended_at, row.reason
        )
        for row in rows
    ]


async def _subjects(connection: AsyncConnection, petition_id: int) -> Sequence[Subject]:
    rows = await connection.execute(
        select(petition_subject, org.c.name.label("org_name"), user.c.name.label("user_name"))
        .outerjoin(org, org.c.id == petition_subject.c.org_id)
        .outerjoin(user, user.c.id == petition_subject.c.user_id)
        .where(petition_subject.c.petition_id == petition_id)
        .order_by(petition_subject.c.id)
    )
    return [
        Subject(
            row.id,
            row.org_name,
            row.user_name,
            row.words,
            row.at,
            row.by_user_id is None,
            row.lifted_at,
        )
        for row in rows
    ]


async def _timeline(
    connection: AsyncConnection, petition_id: int, shown: bool
) -> Sequence[TimelineItem]:
    said = await _said(connection, petition_id, shown)
    told = await _told(connection, petition_id, shown)
    happened = await _happened(connection, petition_id, shown)
    # At one moment: what was said, what it caused, what was answered.
    ranked: list[tuple[datetime, int, int, TimelineItem]] = [
        *((item.at, 0, item.id, item) for item in said),
        *((item.at, 1, item.id, item) for item in happened),
        *((item.at, 2, item.id, item) for item in told),
    ]
    return [item for *_, item in sorted(ranked, key=lambda one: one[:3])]


async def _said(connection: AsyncConnection, petition_id: int, shown: bool) -> Sequence[Said]:
    rows = (
        await connection.execute(
            select(message, petition_message.c.role)
            .join(petition_message, petition_message.c.message_id == message.c.id)
            .where(petition_message.c.petition_id == petition_id)
            .order_by(message.c.id)
        )
    ).all()
    found = await _media(connection, [row.id for row in rows])
    return [
        Said(
            row.received_at,
            row.id,
            row.kind,
            _words(row.text, shown),
            row.role == "original",
            found.get(row.id, []),
        )
        for row in rows
    ]


async def _media(
    connection: AsyncConnection, message_ids: Sequence[int]
) -> Mapping[int, list[MediaItem]]:
    if not message_ids:
        return {}
    rows = await connection.execute(
        select(media).where(media.c.message_id.in_(message_ids)).order_by(media.c.id)
    )
    found: dict[int, list[MediaItem]] = {}
    for row in rows:
        item = MediaItem(row.id, row.kind, row.state, row.content_type, row.width, row.height)
        found.setdefault(row.message_id, []).append(item)
    return found


async def _told(connection: AsyncConnection, petition_id: int, shown: bool) -> Sequence[Told]:
    turns = (
        select(message.c.turn_id)
        .join(petition_message, petition_message.c.message_id == message.c.id)
        .where(petition_message.c.petition_id == petition_id, message.c.turn_id.is_not(None))
    )
    rows = await connection.execute(
        select(outbox)
        .where(or_(outbox.c.petition_id == petition_id, outbox.c.turn_id.in_(turns)))
        .order_by(outbox.c.id)
    )
    return [
        Told(row.created_at, row.id, row.key, _words(row.text, shown), row.state, row.sent_at)
        for row in rows
    ]


async def _happened(
    connection: AsyncConnection, petition_id: int, shown: bool
) -> Sequence[Happened]:
    rows = await connection.execute(
        select(petition_event, user.c.name.label("user_name"), org.c.name.label("org_name"))
        .outerjoin(user, user.c.id == petition_event.c.user_id)
        .outerjoin(org, org.c.id == petition_event.c.org_id)
        .where(petition_event.c.petition_id == petition_id)
        .order_by(petition_event.c.id)
    )
    return [_event(row, shown) for row in rows]


def _event(row: Row[Any], shown: bool) -> Happened:
    return Happened(
        row.at,
        row.id,
        row.type,
        row.actor,
        row.user_name,
        row.org_name,
        _words(row.reason, shown),
        {
            name: _words(value, shown) if isinstance(value, str) else value
            for name, value in (row.detail or {}).items()
        },
    )


def _words(text: str, shown: bool) -> str:
    return text if shown else mask_numbers(text)


def _masked(value: str | None, mask: Any) -> str | None:
    return mask(value) if value else None
