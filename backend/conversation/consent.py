"""Consent and opt-out: an append-only ledger per address and service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import consent_event

# What is pushed without being asked for. Answers to petitions are no push and always go out.
PUSHES = "pushes"


async def decide(
    connection: AsyncConnection,
    *,
    citizen_id: int,
    address_id: int,
    decision: str,
    words: str,
    now: datetime,
) -> None:
    """Record opt_out or opt_in with the citizen's words."""
    await connection.execute(
        consent_event.insert().values(
            at=now,
            citizen_id=citizen_id,
            address_id=address_id,
            service=PUSHES,
            decision=decision,
            words=words[:255],
        )
    )


async def opted_out(connection: AsyncConnection, address_id: int) -> bool:
    """Whether pushes to this address are stopped: the last decision holds."""
    last = (
        await connection.execute(
            select(consent_event.c.decision)
            .where(consent_event.c.address_id == address_id, consent_event.c.service == PUSHES)
            .order_by(consent_event.c.id.desc())
            .limit(1)
        )
    ).scalar()
    return last == "opt_out"
