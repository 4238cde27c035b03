"""What is known of one citizen: their petitions, addresses and consent, for who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, citizen, consent_event
from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.organisation.tables import account
from backend.petitions.access import select_visible
from backend.petitions.masking import mask_phone
from backend.petitions.ownership import own_citizen_ids
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity

PETITIONS = 200
AUDITED = "citizen_shown"


@dataclass(frozen=True, slots=True)
class Filed:
    """One of the citizen's petitions that the official sees."""

    number: str
    title: str
    state: str
    kind: str
    domain: str
    place: str
    lead_name: str | None
    received_at: datetime
    due_on: date | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class AddressLine:
    """A way the citizen has written by; `shown` is masked. `ended_at`: passed to another person."""

    channel: str
    shown: str
    since: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """An entry of the consent ledger, in the citizen's words."""

    at: datetime
    channel: str
    decision: str
    words: str


@dataclass(frozen=True, slots=True)
class CitizenRecord:
    """`since`: when they first wrote. All newest first but the addresses."""

    name: str | None
    phone: str | None
    since: datetime
    petitions: Sequence[Filed]
    addresses: Sequence[AddressLine]
    decisions: Sequence[Decision]


class IdentityHidden(Exception):
    """The official works on this petition without knowing who wrote it."""


async def citizen_record(
    connection: AsyncConnection, actor: Actor, number: str, now: datetime
) -> CitizenRecord | None:
    """Of the citizen behind a petition; None where the official does not see that petition.

    That it was looked at is written to the audit, in the caller's transaction. Raises
    IdentityHidden.
    """
    found = await connection.execute(select_visible(actor).where(petition.c.number == number))
    row = found.first()
    if row is None:
        return None
    if not sees_identity(actor, row):
        raise IdentityHidden
    await record_audit(connection, AUDITED, now, user_id=actor.user_id, subject=number)
    ids = own_citizen_ids(row.citizen_id)
    known = (
        await connection.execute(
            select(citizen.c.name, citizen.c.phone, citizen.c.created_at).where(
                citizen.c.id == row.citizen_id
            )
        )
    ).one()
    return CitizenRecord(
        known.name or row.contact_name,
        _masked(known.phone or row.contact_phone),
        known.created_at,
        await _petitions(connection, actor, ids),
        await _addresses(connection, ids),
        await _decisions(connection, ids),
    )


async def _petitions(connection: AsyncConnection, actor: Actor, ids: Any) -> Sequence[Filed]:
    rows = await connection.execute(
        select_visible(actor)
        .where(petition.c.citizen_id.in_(ids))
        .order_by(petition.c.id.desc())
        .limit(PETITIONS)
    )
    # A confidential one is in nobody's record but where its own reporter may be known.
    return [_filed(row) for row in rows if sees_identity(actor, row)]


def _filed(row: Row[Any]) -> Filed:
    return Filed(
        row.number,
        row.title,
        row.state,
        row.kind,
        row.domain,
        row.place,
        row.lead_name,
        row.received_at,
        row.due_on,
        row.rating,
    )


async def _addresses(connection: AsyncConnection, ids: Any) -> Sequence[AddressLine]:
    rows = await connection.execute(
        select(account.c.channel, address.c.external_id, address.c.created_at, address.c.ended_at)
        .join(account, account.c.id == address.c.account_id)
        .where(address.c.citizen_id.in_(ids))
        .order_by(address.c.id)
    )
    return [
        AddressLine(row.channel, mask_phone(row.external_id), row.created_at, row.ended_at)
        for row in rows
    ]


async def _decisions(connection: AsyncConnection, ids: Any) -> Sequence[Decision]:
    rows = await connection.execute(
        select(
            consent_event.c.at,
            account.c.channel,
            consent_event.c.decision,
            consent_event.c.words,
        )
        .join(address, address.c.id == consent_event.c.address_id)
        .join(account, account.c.id == address.c.account_id)
        .where(consent_event.c.citizen_id.in_(ids))
        .order_by(consent_event.c.id.desc())
    )
    return [Decision(*row) for row in rows]


def _masked(phone: str | None) -> str | None:
    return mask_phone(phone) if phone else None
