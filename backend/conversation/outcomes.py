"""What became of an outbox row, by the result of sending it. What the provider reports of it later
is in `receipts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from sqlalchemy import bindparam, func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import noticed, other_channel, receipts
from backend.conversation.outbox import Claimed, backoff
from backend.conversation.receipts import LONGEST_PROVIDER_ID, short
from backend.conversation.tables import outbox
from backend.database.columns import UtcDateTime
from backend.ports import (
    Noticed,
    Partly,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)

# With the longest back-off this is about three hours; then the row is kept for the next contact.
MOST_ATTEMPTS = 42

# Of many rows at once; not IN: a list has no place in a statement of many rows.
_SENT = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("which"),
        (outbox.c.state == "sending") | (outbox.c.state == "unknown"),
    )
    .values(
        state="sent",
        sent_at=bindparam("now"),
        provider_id=bindparam("provider"),
        pushes=outbox.c.pushes + bindparam("more"),
        pushed_at=func.coalesce(bindparam("pushed", type_=UtcDateTime), outbox.c.pushed_at),
    )
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sending one row."""

    row: Claimed
    result: SendResult


async def record(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of claimed rows; a final state already there (a receipt was faster)
    stays."""
    # In the order of their ids, so that two who record never wait for each other.
    in_order = sorted(outcomes, key=lambda each: each.row.id)
    sent = [(each.row, each.result) for each in in_order if isinstance(each.result, Sent)]
    if sent:
        await _record_sent(connection, sent, now)
    for outcome in in_order:
        if not isinstance(outcome.result, Sent):
            await _record_other(connection, outcome, now)


async def _record_sent(
    connection: AsyncConnection, sent: Sequence[tuple[Claimed, Sent]], now: datetime
) -> None:
    """All at once: most are these, and the statements cost more than the rows."""
    named = {
        (row.account_id, short(result.provider_id, LONGEST_PROVIDER_ID)): row.id
        for row, result in sent
        if result.provider_id
    }
    await receipts.one_at_a_time(connection, named)
    await connection.execute(_SENT, [_sent(row, result, now) for row, result in sent])
    await receipts.apply_early(connection, named, now)


async def _record_other(connection: AsyncConnection, outcome: Outcome, now: datetime) -> None:
    row, result = outcome.row, _given_up(outcome)
    rest = result.rest if isinstance(result, Partly) else result
    values = _after(rest, row.attempts, now)
    if isinstance(rest, Unreachable | Rejected):
        values |= await other_channel.elsewhere(connection, row, rest, now)
    provider_id = short(rest.provider_id, LONGEST_PROVIDER_ID) if _is_named(rest) else ""
    await receipts.one_at_a_time(connection, [(row.account_id, provider_id)] if provider_id else [])
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.state.in_(("sending", "unknown")))
        .values(**values, **_progress(result, rest, now))
    )
    if isinstance(rest, Noticed):
        await noticed.record(connection, row, rest, provider_id, now)
    if provider_id:
        await receipts.apply_early(connection, {(row.account_id, provider_id): row.id}, now)


def _is_named(result: SendResult) -> TypeGuard[Sent | Noticed]:
    """Whether the provider may have given it an id, by which receipts come."""
    return isinstance(result, Sent | Noticed)


def _sent(row: Claimed, result: Sent, now: datetime) -> dict[str, Any]:
    """The parameters of `_SENT`."""
    return {
        "which": row.id,
        "now": now,
        "provider": short(result.provider_id, LONGEST_PROVIDER_ID) or None,
        "more": result.pushes,
        "pushed": now if result.pushes else None,
    }


def _given_up(outcome: Outcome) -> SendResult:
    result = outcome.result
    rest = result.rest if isinstance(result, Partly) else result
    if not isinstance(rest, Retry) or outcome.row.attempts < MOST_ATTEMPTS:
        return result
    no_way = Unreachable(rest.reason)
    return Partly(result.told, result.pushes, no_way) if isinstance(result, Partly) else no_way


def _after(rest: SendResult, attempts: int, now: datetime) -> dict[str, Any]:
    match rest:
        case Sent(provider_id):
            return {
                "state": "sent",
                "sent_at": now,
                "provider_id": short(provider_id, LONGEST_PROVIDER_ID) or None,
            }
        case Retry(reason, after, begun):
            wait = backoff(attempts) if after is None else after
            again = {
                "state": "queued",
                "route": None,
                "due_at": now + timedelta(seconds=wait),
                "error": short(reason),
            }
            return again | {"bound": True} if begun else again
        case Rejected(reason):
            return {"state": "failed", "error": short(reason), "final_at": now}
        case Unreachable(reason):
            return {"state": "kept", "error": short(reason) or None}
        case Unknown(reason):
            return {"state": "unknown", "error": short(reason)}
        case Noticed():
            return {"state": "kept", "error": None}
    raise AssertionError(f"{rest!r} is no end")


def _progress(result: SendResult, rest: SendResult, now: datetime) -> dict[str, Any]:
    """What left, whatever became of the rest. What may have left counts as pushed."""
    told = result.told if isinstance(result, Partly) else 0
    pushes = result.pushes if isinstance(result, Partly | Sent) else 0
    pushes += isinstance(rest, Unknown)
    if not pushes:
        return {}
    return {
        "told": outbox.c.told + told,
        "pushes": outbox.c.pushes + pushes,
        "pushed_at": now,
    }
