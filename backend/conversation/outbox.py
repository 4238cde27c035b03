"""The outbox: what is to be said, and what became of it.

A row moves forward only: queued → sending → sent → delivered; or failed (surely not delivered and
never will be), unknown (sent, outcome not known), kept (no route now: for the next contact).
`sending` goes back to `queued` only when it surely did not leave, with `attempts` counted up.
Per address rows leave in order of their ids, but an answer waits for no push.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, outbox, receipt
from backend.database.insert_once import InsertOnce
from backend.ports import (
    DeliveryReceipt,
    ReceiptState,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from backend.triage.cleaning import storable

OPEN = ("queued", "sending")
NOT_TOLD = ("kept", "unknown")
FINAL = ("delivered", "failed")
LANES = {"reply": 0, "notice": 1}
PUSH = "push"
CLAIM_SECONDS = 60.0
LONGEST_PROVIDER_ID = 120
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 300.0
# With the longest back-off this is about three hours; then the row is kept for the next contact.
MOST_ATTEMPTS = 42


def in_states(states: Sequence[str]) -> ColumnElement[bool]:
    """Rows in these states, written out: a database takes a partial index only where the query
    says the index's own condition, which a bound parameter does not."""
    return outbox.c.state.in_(bindparam(None, states, expanding=True, literal_execute=True))


# Spelled out: a list of states is refused where many rows are written at once.
_RECORDABLE = (outbox.c.state == "sending") | (outbox.c.state == "unknown")
_SENT = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), _RECORDABLE)
    .values(state="sent", sent_at=bindparam("at"), provider_id=bindparam("called"))
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
_QUEUE = InsertOnce(outbox, ["dedupe_key"], outbox.c.id)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this process may send now."""

    id: int
    account_id: int
    address_id: int
    external_id: str
    text: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of sending one row."""

    row: Claimed
    result: SendResult


async def queue(
    connection: AsyncConnection, *, dedupe_key: str, text: str, due_at: datetime, **fields: Any
) -> int | None:
    """Add a row (fields: account_id, address_id, citizen_id, lane, key, created_at, turn_id,
    petition_id). A repeat of the same dedupe_key adds nothing and gives None."""
    row = {"dedupe_key": dedupe_key, "text": text, "due_at": due_at, "state": "queued", **fields}
    added: int | None = await connection.scalar(_QUEUE(connection), row)
    return added


async def claim_due(
    connection: AsyncConnection,
    accounts: Collection[int],
    owner: str,
    now: datetime,
    limit: int,
    seconds: float = CLAIM_SECONDS,
) -> list[Claimed]:
    """Claim up to `limit` due rows of these accounts, replies before notices, at most one open row
    per address. Pushes are claimed apart: they have a rate."""
    return await _claim(connection, _due(accounts, now, limit), owner, now, seconds)


async def claim_pushes(
    connection: AsyncConnection,
    account_id: int,
    owner: str,
    now: datetime,
    limit: int,
    seconds: float = CLAIM_SECONDS,
) -> list[Claimed]:
    """Claim up to `limit` due pushes of one account, the oldest first; none to an address that has
    anything else to be told."""
    return await _claim(connection, _due_pushes(account_id, now, limit), owner, now, seconds)


async def _claim(
    connection: AsyncConnection, due: Select[Any], owner: str, now: datetime, seconds: float
) -> list[Claimed]:
    ids = await connection.execute(
        update(outbox)
        # A common table: a plain subquery PostgreSQL may run again for each row, limit and all.
        .where(outbox.c.id.in_(select(due.cte("due").c.id)))
        .where(outbox.c.state == "queued")
        .values(
            state="sending",
            route="active",
            claimed_by=owner,
            claimed_until=now + timedelta(seconds=seconds),
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox.c.id)
    )
    claimed = [row.id for row in ids]
    if not claimed:
        return []
    rows = await connection.execute(
        select(
            outbox.c.id,
            outbox.c.account_id,
            outbox.c.address_id,
            address.c.external_id,
            outbox.c.text,
            outbox.c.attempts,
        )
        .join(address, address.c.id == outbox.c.address_id)
        .where(outbox.c.id.in_(claimed))
        .order_by(outbox.c.id)
    )
    return [Claimed(*row) for row in rows]


def _due(accounts: Collection[int], now: datetime, limit: int) -> Select[Any]:
    earlier = outbox.alias("earlier")
    before = (earlier.c.lane != PUSH) | (earlier.c.state == "sending")
    return (
        select(outbox.c.id)
        .where(
            in_states(OPEN),
            outbox.c.state == "queued",
            outbox.c.lane.in_(list(LANES)),
            outbox.c.account_id.in_(accounts),
            outbox.c.due_at <= now,
            ~exists().where(
                earlier.c.address_id == outbox.c.address_id,
                earlier.c.id < outbox.c.id,
                earlier.c.state.in_(OPEN),
                before,
            ),
        )
        .order_by(case(LANES, value=outbox.c.lane, else_=9), outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _due_pushes(account_id: int, now: datetime, limit: int) -> Select[Any]:
    other = outbox.alias("other")
    return (
        select(outbox.c.id)
        .where(
            in_states(OPEN),
            outbox.c.state == "queued",
            outbox.c.lane == PUSH,
            outbox.c.account_id == account_id,
            outbox.c.due_at <= now,
            ~exists().where(
                other.c.address_id == outbox.c.address_id,
                other.c.id != outbox.c.id,
                other.c.state.in_(OPEN),
                (other.c.lane != PUSH) | (other.c.id < outbox.c.id),
            ),
        )
        # By the index: 20,000 that wait are not sorted for the next five.
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


async def record(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of claimed rows; a final state already there (a receipt was faster)
    stays."""
    sent = [(each.row, each.result) for each in outcomes if isinstance(each.result, Sent)]
    for outcome in outcomes:
        if not isinstance(outcome.result, Sent):
            await connection.execute(
                update(outbox)
                .where(outbox.c.id == outcome.row.id, _RECORDABLE)
                .values(**_after(outcome, now))
            )
    if sent:
        await _record_sent(connection, sent, now)


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
    called = {id_: provider_id for (_, provider_id), id_ in named.items()}
    await connection.execute(
        _SENT, [{"row": row.id, "at": now, "called": called.get(row.id)} for row, _ in sent]
    )
    for account_id in {account_id for account_id, _ in named}:
        ids = [provider_id for of, provider_id in named if of == account_id]
        early = await connection.execute(_EARLY, {"of": account_id, "called": ids})
        for each in early.all():
            which = outbox.c.id == named[account_id, each.provider_id]
            await _move_by_receipt(connection, which, ReceiptState(each.state), each.detail, now)


def _after(outcome: Outcome, now: datetime) -> dict[str, Any]:
    match outcome.result:
        case Sent():
            raise ValueError("recorded by _record_sent")
        case Retry(reason, after):
            if outcome.row.attempts >= MOST_ATTEMPTS:
                return {"state": "kept", "error": _short(reason)}
            wait = backoff(outcome.row.attempts) if after is None else after
            return {
                "state": "queued",
                "route": None,
                "due_at": now + timedelta(seconds=wait),
                "error": _short(reason),
            }
        case Rejected(reason):
            return {"state": "failed", "error": _short(reason), "final_at": now}
        case Unreachable(reason):
            return {"state": "kept", "error": _short(reason)}
        case Unknown(reason):
            return {"state": "unknown", "error": _short(reason)}


def _short(words: str, most: int = 255) -> str:
    """A provider's words, so that SQL takes them: one that it refuses would hold up a group."""
    return storable(words)[:most]


def backoff(attempts: int) -> float:
    """Seconds before try number attempts + 1: doubling, capped, with jitter of ± 30 %."""
    doubled: float = FIRST_BACKOFF_SECONDS * 2.0 ** min(attempts - 1, 16)
    return min(doubled, LONGEST_BACKOFF_SECONDS) * random.uniform(0.7, 1.3)  # noqa: S311


async def settle_abandoned(
    connection: AsyncConnection, idempotent_accounts: Collection[int], now: datetime
) -> int:
    """Rows whose sender died between claim and record: sent or not, nobody knows. They become
    `unknown`, or are queued again where the provider refuses repeats. Returns how many."""
    abandoned = in_states(OPEN) & (outbox.c.state == "sending") & (outbox.c.claimed_until < now)
    again = await connection.execute(
        update(outbox)
        .where(abandoned, outbox.c.account_id.in_(idempotent_accounts))
        .values(state="queued", route=None)
    )
    unknown = await connection.execute(
        update(outbox)
        .where(abandoned, outbox.c.account_id.not_in(idempotent_accounts))
        .values(state="unknown", error="sender died before knowing")
    )
    return again.rowcount + unknown.rowcount


async def apply_receipt(
    connection: AsyncConnection, account_id: int, arrived: DeliveryReceipt, now: datetime
) -> None:
    """Keep the receipt, and move its row if it is known by now."""
    provider_id = _short(arrived.provider_id or "", LONGEST_PROVIDER_ID)
    if provider_id:
        await _one_at_a_time(connection, [(account_id, provider_id)])
    await connection.execute(
        receipt.insert().values(
            account_id=account_id,
            outbox_id=arrived.outbox_id,
            provider_id=provider_id or None,
            state=arrived.state.value,
            detail=_short(arrived.detail),
            at=now,
        )
    )
    if arrived.outbox_id is not None:
        which = outbox.c.id == arrived.outbox_id
    elif provider_id:
        which = outbox.c.provider_id == provider_id
    else:
        return
    await _move_by_receipt(
        connection, (outbox.c.account_id == account_id) & which, arrived.state, arrived.detail, now
    )


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
    values: dict[str, Any] = {"state": state.value, "final_at": now}
    if state is ReceiptState.FAILED:
        values["error"] = _short(detail)
    await connection.execute(
        update(outbox).where(which, outbox.c.state.not_in((*FINAL, "queued"))).values(**values)
    )
