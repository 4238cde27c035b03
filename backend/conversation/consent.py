"""Who may not be written to unasked: consent and opt-out, an append-only ledger per address and
service, and the numbers officials have blocked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, false, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.same_number import addresses_of_number
from backend.conversation.tables import address, blocked_number, consent_event

# What is pushed without being asked for. Answers to petitions are no push and always go out.
PUSHES = "pushes"
# That what they say is handled by offices: asked for and given by following the account.
HANDLING = "handling"
FOLLOWED, UNFOLLOWED = "关注", "取消关注"

_c = consent_event.c
_at = address.alias("blocked_at")


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


def blocked(address_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether an address is a number on the black list."""
    return (
        exists()
        .where(_at.c.id == address_id, blocked_number.c.number == _at.c.external_id)
        .where(blocked_number.c.ended_at.is_(None))
        .label("blocked")
    )


def unwanted(address_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether nothing may be pushed to an address, for the one reason or the other."""
    return or_(opted_out(address_id), blocked(address_id))


# `opted_out` for the address bound as `at_address`.
OPTED_OUT = opted_out(bindparam("at_address"))


async def decide(
    connection: AsyncConnection,
    *,
    citizen_id: int,
    address_id: int,
    decision: str,
    words: str,
    now: datetime,
    service: str = PUSHES,
) -> None:
    """Record opt_out or opt_in (of HANDLING: consent or left) with the citizen's words. It holds
    for the number wherever the pool of its account may write to it."""
    event = {
        "at": now,
        "citizen_id": citizen_id,
        "service": service,
        "decision": decision,
        "words": words[:255],
    }
    events = [
        event | {"address_id": one} for one in await addresses_of_number(connection, address_id)
    ]
    await connection.execute(consent_event.insert(), events)


async def carry_over(connection: AsyncConnection, from_address_id: int, address_id: int) -> None:
    """What was decided at one account of a pool holds for the number's new address at another."""
    columns = ("at", "citizen_id", "service", "decision", "words")
    decided = (
        select(*(_c[name] for name in columns), literal(address_id))
        .where(_c.address_id == from_address_id)
        .order_by(_c.id)
    )
    await connection.execute(consent_event.insert().from_select([*columns, "address_id"], decided))


async def followed(
    connection: AsyncConnection, *, citizen_id: int, address_id: int, now: datetime
) -> None:
    """Record the consent, and pushes again where only leaving had stopped them: who had opted out
    in words stays so."""
    who: dict[str, Any] = {"citizen_id": citizen_id, "address_id": address_id, "now": now}
    who["words"] = FOLLOWED
    await decide(connection, decision="consent", service=HANDLING, **who)
    last = await _last(connection, address_id)
    if last == ("opt_out", UNFOLLOWED):
        await decide(connection, decision="opt_in", **who)


async def unfollowed(
    connection: AsyncConnection, *, citizen_id: int, address_id: int, now: datetime
) -> None:
    """Record that they left, and that nothing is to be pushed any more."""
    who: dict[str, Any] = {"citizen_id": citizen_id, "address_id": address_id, "now": now}
    who["words"] = UNFOLLOWED
    await decide(connection, decision="left", service=HANDLING, **who)
    last = await _last(connection, address_id)
    if last is None or last[0] != "opt_out":
        await decide(connection, decision="opt_out", **who)


async def _last(connection: AsyncConnection, address_id: int) -> tuple[str, str] | None:
    found = await connection.execute(
        select(_c.decision, _c.words)
        .where(_c.address_id == address_id, _c.service == PUSHES)
        .order_by(_c.id.desc())
        .limit(1)
    )
    row = found.first()
    return (row.decision, row.words) if row is not None else None
