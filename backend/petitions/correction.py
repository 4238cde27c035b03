"""A human's word over the machine's reading."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tree import org_by_id
from backend.petitions.changes import clock_start
from backend.petitions.filing import home_org
from backend.petitions.masking import without_persons
from backend.petitions.outcomes import Invalid
from backend.petitions.rules import CONFIDENTIAL_KINDS, KINDS, SENTIMENTS, URGENCIES, PetitionRules
from backend.petitions.tables import petition_correction, petition_reading
from backend.triage.cleaning import storable

LONGEST_PLACE = 255
LISTED_FIELDS = ("kind", "domain", "urgency", "sentiment")
READ_FIELDS = (*LISTED_FIELDS, "place")


@dataclass(frozen=True, slots=True)
class Correction:
    """What should hold instead; None leaves a field alone. `place_code` goes with `place`
    (None there: the place is in no division we know)."""

    kind: str | None = None
    domain: str | None = None
    urgency: str | None = None
    place: str | None = None
    place_code: str | None = None
    sentiment: str | None = None


def check_correction(correction: Correction, rules: PetitionRules) -> Invalid | None:
    """The first value that cannot be."""
    listed: tuple[tuple[str, str | None, Any], ...] = (
        ("kind", correction.kind, KINDS),
        ("domain", correction.domain, rules.catalogue.services),
        ("urgency", correction.urgency, URGENCIES),
        ("sentiment", correction.sentiment, SENTIMENTS),
        ("place_code", correction.place_code, rules.catalogue.divisions),
    )
    for field, value, known in listed:
        if value is not None and value not in known:
            return Invalid(field, "unknown")
    if correction.place is None:
        return Invalid("place", "required") if correction.place_code is not None else None
    if not correction.place.strip():
        return Invalid("place", "required")
    return Invalid("place", "too_long") if len(correction.place) > LONGEST_PLACE else None


async def corrected_values(
    connection: AsyncConnection, rules: PetitionRules, row: Row[Any], correction: Correction
) -> Mapping[str, Any]:
    """The columns that change, with all that follows: a new deadline (from when it began), a
    new township, confidentiality of a report. Empty where nothing changes."""
    wanted: dict[str, Any] = {
        field: value for field in LISTED_FIELDS if (value := getattr(correction, field)) is not None
    }
    if correction.place is not None:
        wanted["place"] = storable(correction.place.strip())
        wanted["place_code"] = correction.place_code
    changed = {field: value for field, value in wanted.items() if value != getattr(row, field)}
    if {"domain", "urgency"} & set(changed):
        domain = changed.get("domain", row.domain)
        urgency = changed.get("urgency", row.urgency)
        changed["due_on"] = rules.due_on(domain, urgency, await clock_start(connection, row))
    if changed.get("place_code") is not None:
        changed["org_id"] = await _township(connection, rules, row, changed["place_code"])
    # A report becomes confidential; one that is none after all is opened by hand only.
    if changed.get("kind") in CONFIDENTIAL_KINDS:
        changed["confidential"] = True
    return {field: value for field, value in changed.items() if value != getattr(row, field)}


async def learn(
    connection: AsyncConnection,
    row: Row[Any],
    changed: Mapping[str, Any],
    user_id: int,
    now: datetime,
) -> None:
    """Set the human's word beside the machine's, and keep both with the words they are about.
    `row` is the petition as it was, `changed` what `corrected_values` gave."""
    said = {field: changed[field] for field in READ_FIELDS if field in changed}
    if not said:
        return
    reading = petition_reading.c
    rows = await connection.execute(
        select(petition_reading)
        .where(reading.petition_id == row.id, reading.field.in_(said))
        .order_by(reading.id)
    )
    readings = {each.field: each for each in rows}
    words = await _words_to_learn(row, changed)
    await connection.execute(
        petition_correction.insert(),
        [
            {
                "petition_id": row.id,
                "at": now,
                "user_id": user_id,
                "field": field,
                "text": words,
                "held": getattr(row, field),
                "said": value,
                **_read(readings.get(field)),
            }
            for field, value in said.items()
        ],
    )
    for field, value in said.items():
        await connection.execute(
            update(petition_reading)
            .where(reading.petition_id == row.id, reading.field == field)
            .values(corrected_to=value, corrected_by=user_id, corrected_at=now)
        )


async def _words_to_learn(row: Row[Any], changed: Mapping[str, Any]) -> str | None:
    """The petition's words without persons; in a thread, for names are found by a model. None
    where it is confidential, or becomes so."""
    if row.confidential or changed.get("confidential", False):
        return None
    return await asyncio.to_thread(without_persons, row.text, row.contact_name)


def _read(reading: Row[Any] | None) -> Mapping[str, Any]:
    if reading is None:
        return {"model": None, "read": None, "confidence": None}
    return {"model": reading.model, "read": reading.value, "confidence": reading.confidence}


async def _township(
    connection: AsyncConnection, rules: PetitionRules, row: Row[Any], place_code: str
) -> int:
    present = await org_by_id(connection, row.org_id)
    root = await org_by_id(connection, int(row.org_path.split("/")[1]))
    if present is None or root is None:
        return int(row.org_id)
    return (await home_org(connection, rules, place_code, root)).id
