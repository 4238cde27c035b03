"""Filing a petition: what a citizen wrote becomes a numbered case with a date, in one stroke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, citizen
from backend.database.insert_once import InsertOnce
from backend.organisation.tree import Org, org_by_code, org_by_id
from backend.petitions.counter import next_number
from backend.petitions.events import CITIZEN, event_of, record_event
from backend.petitions.offices import suggest_offices
from backend.petitions.recusal import suggest_subjects
from backend.petitions.rules import (
    CONFIDENTIAL_KINDS,
    CONFIDENTIAL_TAGS,
    KINDS,
    SENTIMENTS,
    URGENCIES,
    PetitionRules,
)
from backend.petitions.search_index import index_petition
from backend.petitions.tables import (
    petition,
    petition_matter,
    petition_message,
    petition_reading,
)
from backend.triage.cleaning import storable

# What the bot says where a citizen could not tell the place.
UNKNOWN_PLACE = "地点不详"

_ATTACH = InsertOnce(petition_message)


@dataclass(frozen=True, slots=True)
class FieldReading:
    """What the machine read for one field; candidates are (value, confidence), best first."""

    value: str
    confidence: float | None = None
    candidates: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True, slots=True)
class MachineReading:
    """The machine's reading of a petition. `sensitive` are tags (backend.triage.rules);
    `sentiment` is None where the model tells none."""

    kind: FieldReading
    domain: FieldReading
    urgency: FieldReading
    title: str
    model: str
    sensitive: Sequence[str] = ()
    sentiment: FieldReading | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """A petition to file. `org_id` is the office of the account it came in by; `kind` what the
    dialogue settled (None: the reading's). `dedupe_key` is the same on every repeat. `anonymous`:
    the writer wants no name and no number kept with it. `counter`: the office whose QR code they
    scanned before, '' for none."""

    citizen_id: int
    address_id: int
    account_id: int
    channel: str
    org_id: int
    text: str
    place: str
    place_code: str | None
    since: str | None
    kind: str | None
    reading: MachineReading
    message_ids: Sequence[int]
    dedupe_key: str
    now: datetime
    anonymous: bool = False
    counter: str = ""


@dataclass(frozen=True, slots=True)
class Filed:
    """A filed petition. `office_name`: who the catalogue says will lead, None if none can."""

    petition_id: int
    number: str
    office_name: str | None
    due_on: date
    title: str


async def file_petition(connection: AsyncConnection, filing: Filing, rules: PetitionRules) -> Filed:
    """File once; a repeat with the same `dedupe_key` gives the same petition.

    It belongs to the township its place lies in (the account's office where the place is unknown
    or elsewhere). Reports, what speaks of corruption, and what is written anonymously are
    confidential from the start. Raises
    ValueError for a kind, urgency or sentiment outside the data model.
    """
    earlier = await event_of(connection, filing.dedupe_key)
    if earlier is not None:
        return await _filed(connection, rules, await _petition(connection, earlier.petition_id))
    home = await _home(connection, filing, rules)
    petition_id = await _insert(connection, filing, rules, home)
    await connection.execute(petition_matter.insert().values(petition_id=petition_id))
    await attach_messages(connection, petition_id, filing.message_ids, "original")
    await index_petition(connection, petition_id)
    await _record_readings(connection, petition_id, filing)
    row = await _petition(connection, petition_id)
    await record_event(
        connection,
        petition_id,
        "received",
        CITIZEN,
        filing.now,
        detail={
            "channel": filing.channel,
            "messages": list(filing.message_ids),
            **({"counter": filing.counter} if filing.counter else {}),
        },
        dedupe_key=filing.dedupe_key,
    )
    await suggest_subjects(
        connection,
        rules,
        petition_id=petition_id,
        kind=row.kind,
        text=row.text,
        home=home,
        now=filing.now,
    )
    return await _filed(connection, rules, row)


async def attach_messages(
    connection: AsyncConnection, petition_id: int, message_ids: Sequence[int], role: str
) -> None:
    """Make messages (and their media) part of the petition; those that are already stay."""
    if not message_ids:
        return
    await connection.execute(
        _ATTACH(connection),
        [
            {"petition_id": petition_id, "message_id": message_id, "role": role}
            for message_id in dict.fromkeys(message_ids)
        ],
    )


async def home_org(
    connection: AsyncConnection, rules: PetitionRules, place_code: str | None, default: Org
) -> Org:
    """The township a place lies in, if it is in the same county as `default`; else `default`."""
    unit = rules.catalogue.township_of(place_code)
    found = await org_by_code(connection, unit.code) if unit is not None else None
    if found is None or not found.active or not found.path.startswith(default.path):
        return default
    return found


async def _home(connection: AsyncConnection, filing: Filing, rules: PetitionRules) -> Org:
    account_org = await org_by_id(connection, filing.org_id)
    if account_org is None:
        raise ValueError(f"no office {filing.org_id}")
    return await home_org(connection, rules, filing.place_code, account_org)


async def _insert(
    connection: AsyncConnection, filing: Filing, rules: PetitionRules, home: Org
) -> int:
    reading = filing.reading
    kind = filing.kind or reading.kind.value
    urgency = reading.urgency.value
    sentiment = reading.sentiment.value if reading.sentiment else None
    if kind not in KINDS or urgency not in URGENCIES or sentiment not in (*SENTIMENTS, None):
        raise ValueError(f"kind {kind!r}, urgency {urgency!r}, sentiment {sentiment!r}")
    domain = rules.domain(reading.domain.value)
    name, phone = await _contact(connection, filing)
    confidential = (
        filing.anonymous
        or kind in CONFIDENTIAL_KINDS
        or bool(CONFIDENTIAL_TAGS & set(reading.sensitive))
    )
    inserted = await connection.execute(
        petition.insert()
        .values(
            number=await next_number(connection, filing.now),
            citizen_id=filing.citizen_id,
            account_id=filing.account_id,
            address_id=filing.address_id,
            channel=filing.channel,
            org_id=home.id,
            state="received",
            kind=kind,
            domain=domain,
            urgency=urgency,
            sentiment=sentiment,
            sensitive=list(reading.sensitive),
            confidential=confidential,
            title=storable(reading.title)[:120],
            text=storable(filing.text),
            place=storable(filing.place)[:255],
            place_code=filing.place_code
            if filing.place_code in rules.catalogue.divisions
            else None,
            since=storable(filing.since)[:64] if filing.since else None,
            contact_name=name,
            contact_phone=phone,
            received_at=filing.now,
            due_on=rules.due_on(domain, urgency, filing.now),
        )
        .returning(petition.c.id)
    )
    return int(inserted.scalar_one())


async def _contact(connection: AsyncConnection, filing: Filing) -> tuple[str | None, str | None]:
    if filing.anonymous:
        return None, None
    known = (
        await connection.execute(
            select(citizen.c.name, citizen.c.phone).where(citizen.c.id == filing.citizen_id)
        )
    ).one()
    if known.phone or filing.channel != "sms":
        return known.name, known.phone
    sender = await connection.execute(
        select(address.c.external_id).where(address.c.id == filing.address_id)
    )
    return known.name, sender.scalar_one()[:32]


async def _record_readings(connection: AsyncConnection, petition_id: int, filing: Filing) -> None:
    reading = filing.reading
    fields = {
        "kind": reading.kind,
        "domain": reading.domain,
        "urgency": reading.urgency,
        "place": FieldReading(storable(filing.place)),
        **({"sentiment": reading.sentiment} if reading.sentiment else {}),
    }
    await connection.execute(
        petition_reading.insert(),
        [
            {
                "petition_id": petition_id,
                "at": filing.now,
                "field": field,
                "value": read.value[:255],
                "confidence": read.confidence,
                "candidates": [list(candidate) for candidate in read.candidates],
                "model": reading.model[:64],
            }
            for field, read in fields.items()
        ],
    )


async def _petition(connection: AsyncConnection, petition_id: int) -> Row[Any]:
    found = await connection.execute(select(petition).where(petition.c.id == petition_id))
    return found.one()


async def _filed(connection: AsyncConnection, rules: PetitionRules, row: Row[Any]) -> Filed:
    suggestion = await suggest_offices(
        connection, rules, petition_id=row.id, domain=row.domain, place_code=row.place_code
    )
    office = suggestion.lead.name if suggestion.lead else None
    return Filed(row.id, row.number, office, row.due_on, row.title)
