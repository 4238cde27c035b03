"""Consent and opt-out: an append-only ledger per address and service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, false, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import consent_event

# What is pushed without being asked for. Answers to petitions are no push and always go out.
PUSHES = "pushes"

_c = consent_event.c


def opted_out(address_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether pushes to an address are stopped, for use in a select: the last decision holds."""
    return func.coalesce(
        select(_c.decision == "opt_out")
        .where(_c.address_id == address_id, _c.service == PUSHES)
        .order_by(_c.id.desc())
        .limit(1)
        .scalar_subquery(),
        false(),
    ).label("opted_out")


# The same for the address bound as `at_address`.
OPTED_OUT = opted_out(bindparam("at_address"))


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
