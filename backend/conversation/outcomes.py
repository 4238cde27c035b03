"""What became of an outbox row: by the result of sending it, and by what the provider reports
later."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from sqlalchemy import ARRAY, BigInteger, Row, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import linked_phone, noticed
from backend.conversation.outbox import FINAL, Claimed, backoff
from backend.conversation.tables import outbox, receipt
from backend.database.columns import UtcDateTime
from backend.ports import (
    DeliveryReceipt,
    Noticed,
    Partly,
    ReceiptState,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from backend.triage.cleaning import storable

LONGEST_PROVIDER_ID = 120
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
_EARLY = (
    select(receipt.c.provider_id, receipt.c.state, receipt.c.detail)
    .where(
        receipt.c.account_id == bindparam("of"),
        receipt.c.provider_id.in_(bindparam("called", expanding=True)),
    )
    .order_by(receipt.c.id)
)
_LOCKS = select(func.pg_advisory_xact_lock(func.unnest(bindparam("keys", type_=ARRAY(BigInteger)))))


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
        (row.account_id, _short(result.provider_id, LONGEST_PROVIDER_ID)): row.id
        for row, result in sent
        if result.provider_id
    }
    await _one_at_a_time(connection, named)
    await connection.execute(_SENT, [_sent(row, result, now) for row, result in sent])
    for account_id in {account_id for account_id, _ in named}:
        ids = [provider_id for of, provider_id in named if of == account_id]
        early = await connection.execute(_EARLY, {"of": account_id, "called": ids})
        for each in early.all():
            row_id = named[account_id, each.provider_id]
            await _move_early(connection, account_id, row_id, each, now)


async def _record_other(connection: AsyncConnection, outcome: Outcome, now: datetime) -> None:
    row, result = outcome.row, _given_up(outcome)
    rest = result.rest if isinstance(result, Partly) else result
    values = _after(rest, row.attempts, now)
    if isinstance(rest, Unreachable | Rejected):
        values |= await linked_phone.elsewhere(connection, row, rest, now)
    provider_id = _short(rest.provider_id, LONGEST_PROVIDER_ID) if _is_named(rest) else ""
    await _one_at_a_time(connection, [(row.account_id, provider_id)] if provider_id else [])
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row.id, outbox.c.state.in_(("sending", "unknown")))
        .values(**values, **_progress(result, rest, now))
    )
    if isinstance(rest, Noticed):
        await noticed.record(connection, row, rest, provider_id, now)
    if provider_id:
        early = await connection.execute(_EARLY, {"of": row.account_id, "called": [provider_id]})
        for each in early.all():
            await _move_early(connection, row.account_id, row.id, each, now)


def _is_named(result: SendResult) -> TypeGuard[Sent | Noticed]:
    """Whether the provider may have given it an id, by which receipts come."""
    return isinstance(result, Sent | Noticed)


def _sent(row: Claimed, result: Sent, now: datetime) -> dict[str, Any]:
    """The parameters of `_SENT`."""
    return {
        "which": row.id,
        "now": now,
        "provider": _short(result.provider_id, LONGEST_PROVIDER_ID) or None,
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
                "provider_id": _short(provider_id, LONGEST_PROVIDER_ID) or None,
            }
        case Retry(reason, after, begun):
            wait = backoff(attempts) if after is None else after
            again = {
                "state": "queued",
                "route": None,
                "due_at": now + timedelta(seconds=wait),
                "error": _short(reason),
            }
            return again | {"bound": True} if begun else again
        case Rejected(reason):
            return {"state": "failed", "error": _short(reason), "final_at": now}
        case Unreachable(reason):
            return {"state": "kept", "error": _short(reason) or None}
        case Unknown(reason):
            return {"state": "unknown", "error": _short(reason)}
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


def _short(words: str, most: int = 255) -> str:
    """A provider's words, so that SQL takes them: one that it refuses would hold up a group."""
    return storable(words)[:most]


async def apply_receipt(
    connection: AsyncConnection, account_id: int, arrived: DeliveryReceipt, now: datetime
) -> None:
    """Keep the receipt, and move its row or its notice if that is known by now."""
    provider_id = _short(arrived.provider_id or "", LONGEST_PROVIDER_ID)
    detail = _short(arrived.detail)
    if provider_id:
        await _one_at_a_time(connection, [(account_id, provider_id)])
    await connection.execute(
        receipt.insert().values(
            account_id=account_id,
            outbox_id=arrived.outbox_id,
            provider_id=provider_id or None,
            state=arrived.state.value,
            detail=detail,
            at=now,
        )
    )
    if arrived.outbox_id is not None:
        which = outbox.c.id == arrived.outbox_id
    elif provider_id:
        which = outbox.c.provider_id == provider_id
        await noticed.reported(connection, account_id, provider_id, arrived.state, detail, now)
    else:
        return
    await _move_by_receipt(
        connection, (outbox.c.account_id == account_id) & which, arrived.state, detail, now
    )


async def _move_early(
    connection: AsyncConnection,
    account_id: int,
    row_id: int,
    early: Row[*tuple[Any, ...]],
    now: datetime,
) -> None:
    """By a receipt that was faster than the result."""
    state, called = ReceiptState(early.state), early.provider_id
    which = (outbox.c.id == row_id) & (outbox.c.provider_id == called)
    await _move_by_receipt(connection, which, state, early.detail, now)
    await noticed.reported(connection, account_id, called, state, early.detail, now)


async def _one_at_a_time(connection: AsyncConnection, named: Collection[tuple[int, str]]) -> None:
    """Between results of sending and their receipts, by account and provider id: on PostgreSQL,
    where both may be written at once, neither would see the other. Until the transaction ends."""
    if named and connection.dialect.name == "postgresql":
        told = [hashlib.sha256(f"{of}:{called}".encode()).digest() for of, called in named]
        keys = [int.from_bytes(each[:8], "big", signed=True) for each in told]
        await connection.execute(_LOCKS, {"keys": keys})


async def _move_by_receipt(
    connection: AsyncConnection, which: Any, state: ReceiptState, detail: str, now: datetime
) -> None:
    if state is ReceiptState.BUFFERED:
        return
    moving = update(outbox).where(which, outbox.c.state.not_in((*FINAL, "queued")))
    if state is ReceiptState.FAILED:
        # What went to a linked phone in vain is kept where it was for at first.
        back = {**linked_phone.BACK, "error": _short(detail)}
        await connection.execute(moving.where(outbox.c.moved_from.is_not(None)).values(**back))
    values: dict[str, Any] = {"state": state.value, "final_at": now}
    if state is ReceiptState.FAILED:
        values["error"] = _short(detail)
        moving = moving.where(outbox.c.state != "kept")
    await connection.execute(moving.values(**values))
