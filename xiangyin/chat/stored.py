"""What the database holds of one citizen, as plain values for JSON."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import consent_event, message
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import handover, petition, petition_event, petition_message

Stored = dict[str, Any]


async def stored_of(
    connection: AsyncConnection, rules: PetitionRules, citizen_id: int | None
) -> Stored:
    """`petitions`, `handovers` and `opt_outs`, each a list, oldest first."""
    petitions = await connection.execute(
        select(petition).where(petition.c.citizen_id == citizen_id).order_by(petition.c.id)
    )
    handovers = await connection.execute(
        select(handover.c.text, handover.c.done_at)
        .where(handover.c.citizen_id == citizen_id)
        .order_by(handover.c.id)
    )
    decisions = await connection.execute(
        select(consent_event.c.decision, consent_event.c.words)
        .where(consent_event.c.citizen_id == citizen_id)
        .order_by(consent_event.c.id)
    )
    return {
        "petitions": [await _petition(connection, rules, row) for row in petitions.all()],
        "handovers": [{"text": row.text, "done": row.done_at is not None} for row in handovers],
        "opt_outs": [{"decision": row.decision, "words": row.words} for row in decisions],
    }


async def _petition(connection: AsyncConnection, rules: PetitionRules, row: Row[Any]) -> Stored:
    contact = {"name": row.contact_name, "phone": row.contact_phone}
    return {
        "number": row.number,
        "kind": row.kind,
        "domain": row.domain,
        "domain_name": rules.catalogue.services[rules.domain(row.domain)].name,
        "urgency": row.urgency,
        "sensitive": row.sensitive or [],
        "confidential": row.confidential,
        "state": row.state,
        "title": row.title,
        "text": row.text,
        "place": row.place,
        "place_code": row.place_code,
        "since": row.since,
        "contact": contact if any(contact.values()) else None,
        "photos": await _photos(connection, row.id),
        "additions": await _additions(connection, row.id),
        "reminders": row.reminders,
        "answer": row.answer,
        "rating": row.rating,
        "rating_comment": row.rating_comment,
        "reopened": row.reopened,
    }


async def _photos(connection: AsyncConnection, petition_id: int) -> int:
    counted = await connection.scalar(
        select(func.coalesce(func.sum(message.c.media_count), 0))
        .join(petition_message, petition_message.c.message_id == message.c.id)
        .where(petition_message.c.petition_id == petition_id)
    )
    return int(counted or 0)


async def _additions(connection: AsyncConnection, petition_id: int) -> list[str]:
    details = await connection.scalars(
        select(petition_event.c.detail)
        .where(petition_event.c.petition_id == petition_id, petition_event.c.type == "added")
        .order_by(petition_event.c.id)
    )
    return [str((detail or {}).get("text", "")) for detail in details]
