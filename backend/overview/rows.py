"""The petitions behind a number: pages of them for reading, all of them for a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CTE, Row, Select, String, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.paging import page_before
from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.overview.cut import Cut
from backend.overview.facts import Scope, facts
from backend.petitions.deadline import Calendar
from backend.petitions.masking import mask_name, mask_numbers, mask_phone
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity

PAGE = 50
PIECE = 500


@dataclass(frozen=True, slots=True)
class ListedPetition:
    """One line. `waited`: seconds of working time to the first answer, None before it. Numbers
    inside the title are masked: the list is of figures, the petition's page shows it all."""

    id: int
    number: str
    title: str
    state: str
    kind: str
    domain: str
    place_code: str
    channel: str
    lead_name: str | None
    confidential: bool
    received_at: datetime
    due_on: date | None
    waited: int | None
    timeliness: str
    rating: int | None
    reopened: int
    reminders: int


@dataclass(frozen=True, slots=True)
class FiledPetition:
    """One line of an exported file. Masked unless asked in full: no name, phone or identity
    number, and no place closer than the village. In full, who reported is still kept from those
    who may not see it."""

    number: str
    title: str
    kind: str
    domain: str
    urgency: str
    state: str
    channel: str
    place_code: str
    place: str | None
    org_name: str
    lead_name: str | None
    received_at: datetime
    due_on: date | None
    waited: int | None
    timeliness: str
    answered_at: datetime | None
    rating: int | None
    reopened: int
    reminders: int
    text: str
    answer: str
    rating_comment: str
    contact_name: str
    contact_phone: str


async def count_rows(
    connection: AsyncConnection,
    actor: Actor,
    scope: Scope,
    cut: Cut,
    calendar: Calendar,
    now: datetime,
) -> int:
    """How many petitions of the period lie in the cut."""
    rows = facts(actor, scope, calendar, now)
    found = await connection.execute(_within(select(func.count()).select_from(rows), rows, cut))
    return int(found.scalar_one())


async def list_rows(
    connection: AsyncConnection,
    actor: Actor,
    scope: Scope,
    cut: Cut,
    calendar: Calendar,
    now: datetime,
    *,
    before: int | None = None,
) -> tuple[Sequence[ListedPetition], int | None]:
    """A page of `PAGE`, newest first, and the `before` of the next page, None at the end."""
    rows = facts(actor, scope, calendar, now)
    found, further = await page_before(connection, _joined(rows, cut), rows.c.id, before, PAGE)
    return [_listed(row) for row in found], further


async def file_rows(
    connection: AsyncConnection,
    actor: Actor,
    scope: Scope,
    cut: Cut,
    calendar: Calendar,
    now: datetime,
    *,
    in_full: bool,
) -> AsyncIterator[Sequence[FiledPetition]]:
    """All of them, newest first, `PIECE` at a time: memory does not grow with their number."""
    rows = facts(actor, scope, calendar, now)
    query = _joined(rows, cut).order_by(rows.c.id.desc())
    async with connection.stream(query) as found:
        async for piece in found.partitions(PIECE):
            yield [_filed(row, clear=in_full and sees_identity(actor, row)) for row in piece]


def _joined(rows: CTE, cut: Cut) -> Select[Any]:
    home, lead = org.alias("home_org"), org.alias("lead_org")
    query = (
        select(
            petition,
            home.c.name.label("org_name"),
            lead.c.name.label("lead_name"),
            rows.c.place.label("division"),
            rows.c.waited,
            rows.c.timeliness,
        )
        .join_from(rows, petition, petition.c.id == rows.c.id)
        .join(home, home.c.id == petition.c.org_id)
        .outerjoin(lead, lead.c.id == petition.c.lead_org_id)
    )
    return _within(query, rows, cut)


def _within(query: Select[Any], rows: CTE, cut: Cut) -> Select[Any]:
    if cut.whole:
        return query
    value = rows.c[cut.by].cast(String)
    return query.where(value.not_in(cut.values) if cut.excluding else value.in_(cut.values))


def _listed(row: Row[Any]) -> ListedPetition:
    return ListedPetition(
        id=row.id,
        number=row.number,
        title=mask_numbers(row.title),
        state=row.state,
        kind=row.kind,
        domain=row.domain,
        place_code=row.division,
        channel=row.channel,
        lead_name=row.lead_name,
        confidential=row.confidential,
        received_at=row.received_at,
        due_on=row.due_on,
        waited=row.waited,
        timeliness=row.timeliness,
        rating=row.rating,
        reopened=row.reopened,
        reminders=row.reminders,
    )


def _filed(row: Row[Any], *, clear: bool) -> FiledPetition:
    def words(text: str | None) -> str:
        return (text or "") if clear else mask_numbers(text or "")

    name, phone = row.contact_name or "", row.contact_phone or ""
    return FiledPetition(
        number=row.number,
        title=words(row.title),
        kind=row.kind,
        domain=row.domain,
        urgency=row.urgency,
        state=row.state,
        channel=row.channel,
        place_code=row.division,
        place=row.place if clear else None,
        org_name=row.org_name,
        lead_name=row.lead_name,
        received_at=row.received_at,
        due_on=row.due_on,
        waited=row.waited,
        timeliness=row.timeliness,
        answered_at=row.answered_at,
        rating=row.rating,
        reopened=row.reopened,
        reminders=row.reminders,
        text=words(row.text),
        answer=words(row.answer),
        rating_comment=words(row.rating_comment),
        contact_name=name if clear else mask_name(name),
        contact_phone=phone if clear else (mask_phone(phone) if phone else ""),
    )
