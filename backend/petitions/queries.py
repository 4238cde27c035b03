"""One petition as an official sees it: what holds, what the machine read, who has it.

Everything goes through `visible_to`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user
from backend.petitions.access import permitted_actions, select_visible
from backend.petitions.lifecycle import Action
from backend.petitions.masking import mask_name, mask_phone
from backend.petitions.tables import dispatch, petition, petition_reading, petition_subject
from backend.petitions.timeline import TimelineItem, timeline_of, words_shown
from backend.petitions.visibility import ACTORS, sees_identity


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
    sentiment: str | None
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


_ID: BindParameter[int] = bindparam("petition_id")
_READINGS = (
    select(petition_reading, user.c.name.label("corrector"))
    .outerjoin(user, user.c.id == petition_reading.c.corrected_by)
    .where(petition_reading.c.petition_id == _ID)
    .order_by(petition_reading.c.id)
)
_DISPATCHES = (
    select(dispatch, org.c.name.label("org_name"))
    .join(org, org.c.id == dispatch.c.org_id)
    .where(dispatch.c.petition_id == _ID)
    .order_by(dispatch.c.id)
)
_SUBJECTS = (
    select(petition_subject, org.c.name.label("org_name"), user.c.name.label("user_name"))
    .outerjoin(org, org.c.id == petition_subject.c.org_id)
    .outerjoin(user, user.c.id == petition_subject.c.user_id)
    .where(petition_subject.c.petition_id == _ID)
    .order_by(petition_subject.c.id)
)


async def petition_view(
    connection: AsyncConnection, actor: Actor, number: str
) -> PetitionView | None:
    """None where there is no such petition, or none this official sees."""
    row = (await connection.execute(_one(actor), {"number": number})).first()
    if row is None:
        return None
    shown = sees_identity(actor, row)
    return PetitionView(
        id=row.id,
        number=row.number,
        version=row.version,
        state=row.state,
        kind=row.kind,
        domain=row.domain,
        urgency=row.urgency,
        sentiment=row.sentiment,
        title=words_shown(row.title, shown),
        text=words_shown(row.text, shown),
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
        rating_comment=words_shown(row.rating_comment, shown) if row.rating_comment else None,
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
        timeline=await timeline_of(connection, row.id, shown=shown),
        actions=permitted_actions(actor, row),
    )


@lru_cache(maxsize=ACTORS)
def _one(actor: Actor) -> Select[Any]:
    return select_visible(actor).where(petition.c.number == bindparam("number"))


async def _readings(connection: AsyncConnection, petition_id: int) -> Sequence[Reading]:
    rows = await connection.execute(_READINGS, {"petition_id": petition_id})
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
    rows = await connection.execute(_DISPATCHES, {"petition_id": petition_id})
    return [
        DispatchLine(
            row.org_id, row.org_name, row.role, row.state, row.at, row.ended_at, row.reason
        )
        for row in rows
    ]


async def _subjects(connection: AsyncConnection, petition_id: int) -> Sequence[Subject]:
    rows = await connection.execute(_SUBJECTS, {"petition_id": petition_id})
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


def _masked(value: str | None, mask: Any) -> str | None:
    return mask(value) if value else None
