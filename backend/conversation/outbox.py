"""The outbox: what is to be said, and who may send it now. `outcomes.py` says what became of it.

A row moves forward only: queued → sending → sent → delivered; or failed (surely not delivered and
never will be), unknown (sent, outcome not known), kept (no route now, or only a notice left: for
the next contact).
`sending` goes back to `queued` only when it surely did not leave, with `attempts` counted up.
Per address rows leave in order of their ids, but an answer waits for no push.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Row,
    Select,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from backend.conversation.tables import address, notice, outbox
from backend.database.insert_once import InsertOnce
from backend.petitions.tables import petition
from backend.ports import About

OPEN = ("queued", "sending")
NOT_TOLD = ("kept", "unknown")
FINAL = ("delivered", "failed")
LANES = ("reply", "notice")  # the first before the second; pushes are apart
PUSH = "push"
CLAIM_SECONDS = 60.0
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 300.0


def in_states(states: Sequence[str]) -> ColumnElement[bool]:
    """Rows in these states, written out: a database takes a partial index only where the query
    says the index's own condition, which a bound parameter does not."""
    return outbox.c.state.in_(bindparam(None, states, expanding=True, literal_execute=True))


# What of a row's text has not left yet.
LEFT = func.substr(outbox.c.text, outbox.c.told + 1).label("text")
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_CLAIMED = (
    select(
        outbox.c.id,
        outbox.c.account_id,
        outbox.c.address_id,
        address.c.external_id,
        LEFT,
        outbox.c.attempts,
        outbox.c.moved_from,
        outbox.c.bound,
        outbox.c.key,
        address.c.left_at,
        petition.c.number,
        petition.c.title,
        petition.c.confidential,
        exists().where(notice.c.outbox_id == outbox.c.id).label("noticed"),
    )
    .join(address, address.c.id == outbox.c.address_id)
    .outerjoin(petition, petition.c.id == outbox.c.petition_id)
    .where(outbox.c.id.in_(_IDS))
    .order_by(outbox.c.id)
)
_NOTICES = (
    select(notice.c.outbox_id, notice.c.by)
    .where(notice.c.outbox_id.in_(_IDS))
    .order_by(notice.c.id)
)
_QUEUE = InsertOnce(outbox, ["dedupe_key"], outbox.c.id)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row this process may send now. `text`: what has not left yet; of it `about`, `noticed_by`
    `moved_from`, `bound` and `key` say what `Outbound` and the table's columns say. `left_at`: its
    citizen no longer follows the account."""

    id: int
    account_id: int
    address_id: int
    external_id: str
    text: str
    attempts: int
    moved_from: int | None = None
    left_at: datetime | None = None
    about: About | None = None
    noticed_by: Sequence[str] = ()
    bound: bool = False
    key: str = ""


async def queue(
    connection: AsyncConnection, *, dedupe_key: str, text: str, due_at: datetime, **fields: Any
) -> int | None:
    """Add a row (fields: account_id, address_id, citizen_id, lane, key, created_at, turn_id,
    petition_id, bound). A repeat of the same dedupe_key adds nothing and gives None."""
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
    """Claim up to `limit` due rows of these accounts, replies before notices, of each what has been
    due longest, at most one open row per address. Pushes are claimed apart: they have a rate."""
    if not accounts:
        return []
    claiming = {"owner": owner, "now": now, "most": limit}
    claiming |= {f"of_{number}": account_id for number, account_id in enumerate(accounts)}
    return await _claim(connection, _claim_due(len(accounts)), claiming, seconds)


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
    claiming = {"of_account": account_id, "owner": owner, "now": now, "most": limit}
    return await _claim(connection, _CLAIM_PUSHES, claiming, seconds)


async def _claim(
    connection: AsyncConnection,
    claim: ReturningUpdate[tuple[int]],
    claiming: dict[str, Any],
    seconds: float,
) -> list[Claimed]:
    until = claiming["now"] + timedelta(seconds=seconds)
    ids = (await connection.execute(claim, {**claiming, "until": until})).all()
    if not ids:
        return []
    rows = (await connection.execute(_CLAIMED, {"ids": [row.id for row in ids]})).all()
    noticed = [row.id for row in rows if row.noticed]
    notices = (await connection.execute(_NOTICES, {"ids": noticed})).all() if noticed else ()
    return [
        Claimed(
            row.id,
            row.account_id,
            row.address_id,
            row.external_id,
            row.text,
            row.attempts,
            row.moved_from,
            row.left_at,
            _about(row),
            [one.by for one in notices if one.outbox_id == row.id],
            row.bound,
            row.key,
        )
        for row in rows
    ]


def _claim_of(due: Select[Any]) -> ReturningUpdate[tuple[int]]:
    return (
        update(outbox)
        # A common table: a plain subquery PostgreSQL may run again for each row, limit and all.
        .where(outbox.c.id.in_(select(due.cte("due").c.id)))
        .where(outbox.c.state == "queued")
        .values(
            state="sending",
            route="active",
            claimed_by=bindparam("owner"),
            claimed_until=bindparam("until"),
            attempts=outbox.c.attempts + 1,
        )
        .returning(outbox.c.id)
    )


def _about(row: Row[*tuple[Any, ...]]) -> About | None:
    """A notice stands on the locked screen: what is confidential shows no title there."""
    if row.number is None:
        return None
    return About(row.number, "" if row.confidential else row.title)


def _waiting(lane: str, account_id: BindParameter[int]) -> Select[Any]:
    """Rows of one lane and account whose time has come, the first `most` by the index: those
    behind them are neither read nor sorted, however many wait."""
    return (
        select(outbox.c.due_at, outbox.c.id)
        .where(
            in_states(OPEN),
            outbox.c.state == "queued",
            outbox.c.lane == lane,
            outbox.c.account_id == account_id,
            outbox.c.due_at <= bindparam("now"),
        )
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


def _before_pushes(lane: str, account_id: BindParameter[int]) -> Select[Any]:
    earlier = outbox.alias("earlier")
    return _waiting(lane, account_id).where(
        ~exists().where(
            earlier.c.address_id == outbox.c.address_id,
            earlier.c.id < outbox.c.id,
            earlier.c.state.in_(OPEN),
            (earlier.c.lane != PUSH) | (earlier.c.state == "sending"),
        )
    )


def _pushes() -> Select[Any]:
    other = outbox.alias("other")
    return _waiting(PUSH, bindparam("of_account")).where(
        ~exists().where(
            other.c.address_id == outbox.c.address_id,
            other.c.id != outbox.c.id,
            other.c.state.in_(OPEN),
            (other.c.lane != PUSH) | (other.c.id < outbox.c.id),
        )
    )


@cache
def _claim_due(accounts: int) -> ReturningUpdate[tuple[int]]:
    """Of so many accounts, bound as `of_0`, `of_1` …: the first of each lane of each, of these the
    first together."""
    first = [
        select(literal_column(str(rank)).label("rank"), *waiting.c)
        for rank, lane in enumerate(LANES)
        for number in range(accounts)
        for waiting in [_before_pushes(lane, bindparam(f"of_{number}")).cte(f"{lane}_{number}")]
    ]
    together = union_all(*first).subquery("together")
    return _claim_of(
        select(together.c.id)
        .order_by(together.c.rank, together.c.due_at, together.c.id)
        .limit(bindparam("most", type_=Integer))
    )


_CLAIM_PUSHES = _claim_of(_pushes())


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
