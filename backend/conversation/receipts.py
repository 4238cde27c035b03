"""What providers report of messages they took: kept, and the row or notice it is about moved.

A report may be faster than the result of sending, come twice, or never; the first final word holds.
All that wait at the same moment are written by one transaction: after a push to a county the
reports of it come as fast as the messages left.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog
from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from backend.conversation import noticed, other_channel
from backend.conversation.addresses import load_accounts
from backend.conversation.arrivals import is_of_the_message
from backend.conversation.background import where
from backend.conversation.outbox import FINAL
from backend.conversation.tables import notice, outbox, receipt
from backend.database.engine import Database
from backend.ports import Clock, DeliveryReceipt, ReceiptState
from backend.triage.cleaning import storable

log = structlog.get_logger(__name__)

LONGEST_PROVIDER_ID = 120
MOST_AT_ONCE = 256

_EARLY: Select[Any] = (
    select(receipt.c.provider_id, receipt.c.state, receipt.c.detail)
    .where(
        receipt.c.account_id == bindparam("of"),
        receipt.c.provider_id.in_(bindparam("called", expanding=True)),
    )
    .order_by(receipt.c.id)
)
_NOTICES = select(notice.c.account_id, notice.c.provider_id).where(
    notice.c.account_id.in_(bindparam("accounts", expanding=True)),
    notice.c.provider_id.in_(bindparam("called", expanding=True)),
)
_LOCKS = select(func.pg_advisory_xact_lock(func.unnest(bindparam("keys", type_=ARRAY(BigInteger)))))


class Receipts:
    """`store` returns once the receipt is durable."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: list[tuple[DeliveryReceipt, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def store(self, arrived: DeliveryReceipt) -> None:
        """Raises SQLAlchemyError, OSError, TimeoutError with SQL away, KeyError for an account
        nobody knows."""
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, stored))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups(), name="receipts")
        await stored

    async def _write_groups(self) -> None:
        try:
            while self._waiting:
                group = self._waiting[:MOST_AT_ONCE]
                del self._waiting[:MOST_AT_ONCE]
                await self._write(group)
        finally:
            self._writer = None

    async def _write(self, group: Sequence[tuple[DeliveryReceipt, asyncio.Future[None]]]) -> None:
        """All, or one by one where SQL refuses some: one must not hold up the others."""
        try:
            async with self._database.write() as connection:
                accounts = await load_accounts(connection)
                arrived = [(accounts[each.account].id, each) for each, _ in group]
                await apply(connection, arrived, self._clock.now())
        except Exception as error:  # noqa: BLE001 - told to who waits
            if len(group) > 1 and is_of_the_message(error):
                log.warning("receipts.one_by_one", error=type(error).__name__, where=where(error))
                for each in group:
                    await self._write([each])
                return
            for _, stored in group:
                if not stored.done():
                    stored.set_exception(error)
        else:
            for _, stored in group:
                if not stored.done():
                    stored.set_result(None)


@dataclass(frozen=True, slots=True)
class _Moves:
    """The statements that move the rows of `which`, built once."""

    delivered: Update
    # What went by the other channel in vain is kept where it was for at first …
    back: Update
    # … and what failed as a text message is sent by the other channel.
    on: Update
    failed: Update


def _moves(*which: ColumnElement[bool]) -> _Moves:
    # Not NOT IN: a list has no place in a statement of many rows.
    open_still = [outbox.c.state != state for state in (*FINAL, "queued")]
    moving = update(outbox).where(*which, *open_still)
    now: BindParameter[datetime] = bindparam("now")
    why: BindParameter[str] = bindparam("why")
    return _Moves(
        moving.values(state=ReceiptState.DELIVERED.value, final_at=now),
        moving.where(outbox.c.moved_from.is_not(None)).values(**other_channel.BACK, error=why),
        moving.where(*other_channel.MAY_GO).values(**other_channel.GO, due_at=now, error=why),
        moving.where(outbox.c.state != "kept").values(
            state=ReceiptState.FAILED.value, final_at=now, error=why
        ),
    )


_OF = outbox.c.account_id == bindparam("of")
_WHICH = outbox.c.id == bindparam("which")
_CALLED = outbox.c.provider_id == bindparam("called")
_BY_OUR_ID = _moves(_OF, _WHICH)
_BY_PROVIDER_ID = _moves(_OF, _CALLED)
_BY_BOTH = _moves(_WHICH, _CALLED)


async def apply(
    connection: AsyncConnection, arrived: Sequence[tuple[int, DeliveryReceipt]], now: datetime
) -> None:
    """Keep receipts, each with the id of its account, and move what they are about where that is
    known by now."""
    # Rows named by our id in the order in which their results are recorded; the others are locked
    # by their names before: so nobody waits for somebody who waits for them.
    in_order = sorted(arrived, key=lambda each: each[1].outbox_id or 0)
    rows = [_row(account_id, each, now) for account_id, each in in_order]
    named = [(row["account_id"], row["provider_id"]) for row in rows if row["provider_id"]]
    await one_at_a_time(connection, named)
    await connection.execute(receipt.insert(), rows)
    await _tell_notices(connection, [row for row in rows if row["outbox_id"] is None], now)
    # Those that say the same of rows named the same way at once: most of a group do.
    for (moves, state), alike in groupby(rows, key=_moved_by):
        given = [
            {
                "of": row["account_id"],
                "which": row["outbox_id"],
                "called": row["provider_id"],
                "why": row["detail"],
                "now": now,
            }
            for row in alike
        ]
        await _move(connection, moves, state, given)


async def apply_early(
    connection: AsyncConnection, named: Mapping[tuple[int, str], int], now: datetime
) -> None:
    """Move rows (ids by account and provider id) by receipts that were faster than the results."""
    for account_id in {account_id for account_id, _ in named}:
        ids = [provider_id for of, provider_id in named if of == account_id]
        early = await connection.execute(_EARLY, {"of": account_id, "called": ids})
        for called, word, detail in early.all():
            state = ReceiptState(word)
            row_id = named[account_id, called]
            given = {"which": row_id, "called": called, "why": detail, "now": now}
            await _move(connection, _BY_BOTH, state, [given])
            await noticed.reported(connection, account_id, called, state, detail, now)


async def one_at_a_time(connection: AsyncConnection, named: Collection[tuple[int, str]]) -> None:
    """Between results of sending and their receipts, by account and provider id: on PostgreSQL,
    where both may be written at once, neither would see the other. Until the transaction ends."""
    if named and connection.dialect.name == "postgresql":
        told = [hashlib.sha256(f"{of}:{called}".encode()).digest() for of, called in named]
        # In order, so that two who lock several never wait for each other.
        keys = sorted(int.from_bytes(each[:8], "big", signed=True) for each in told)
        await connection.execute(_LOCKS, {"keys": keys})


def short(words: str, most: int = 255) -> str:
    """A provider's words, so that SQL takes them: one that it refuses would hold up a group."""
    return storable(words)[:most]


def _row(account_id: int, arrived: DeliveryReceipt, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "outbox_id": arrived.outbox_id,
        "provider_id": short(arrived.provider_id or "", LONGEST_PROVIDER_ID) or None,
        "state": arrived.state.value,
        "detail": short(arrived.detail),
        "at": now,
    }


async def _tell_notices(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    called = [row["provider_id"] for row in rows if row["provider_id"]]
    if not called:
        return
    accounts = list({row["account_id"] for row in rows})
    found = await connection.execute(_NOTICES, {"accounts": accounts, "called": called})
    known = {(row.account_id, row.provider_id) for row in found}
    for row in rows:
        of, name, state = row["account_id"], row["provider_id"], ReceiptState(row["state"])
        if (of, name) in known:
            await noticed.reported(connection, of, name, state, row["detail"], now)


def _moved_by(row: Mapping[str, Any]) -> tuple[_Moves, ReceiptState]:
    by_our_id = row["outbox_id"] is not None
    return _BY_OUR_ID if by_our_id else _BY_PROVIDER_ID, ReceiptState(row["state"])


async def _move(
    connection: AsyncConnection,
    moves: _Moves,
    state: ReceiptState,
    given: Sequence[Mapping[str, Any]],
) -> None:
    if state is ReceiptState.DELIVERED:
        await connection.execute(moves.delivered, given)
    elif state is ReceiptState.FAILED:
        await connection.execute(moves.back, given)
        await connection.execute(moves.on, given)
        await connection.execute(moves.failed, given)
