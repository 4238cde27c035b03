"""Which account of a pool carries a message, and what is kept of how the accounts do.

The weights lie in SQL, so that several processes share them; each process counts what it sees, and
a step is taken by whoever sees first: the others find it already taken.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import case, delete, exists, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.addresses import AccountRow
from backend.conversation.background import Loops
from backend.conversation.failover import (
    DELIVERY_WINDOW,
    LATE_AFTER,
    Deliveries,
    Tally,
    Weight,
    choose,
    moved,
    shares,
)
from backend.conversation.outbox import Claimed
from backend.conversation.tables import account_weight, outbox, receipt
from backend.database.engine import Database
from backend.database.insert_once import InsertOnce
from backend.organisation.tables import account
from backend.ports import Clock, Retry, SendResult, Unknown, Unreachable

log = structlog.get_logger(__name__)

WEIGH_EVERY_SECONDS = 10.0
# A sample by id: no index by time is kept for it.
SAMPLED_ROWS = 3000

_w = account_weight.c
_KEEP = InsertOnce(account_weight, ["account_id"])


@dataclass(frozen=True, slots=True)
class Member:
    """An account's pool, and the weight it has while all is well."""

    pool: str
    resting: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """For the operator: an account of a pool, and the part of its pool's messages it carries."""

    account: str
    pool: str
    share: float
    weight: Weight


class Carriers:
    """`members` by account name, those of this process's channels."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        members: Mapping[str, Member],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._members = members
        self._draw = draw
        self._pool_of: dict[int, str] = {}
        self._weights: dict[int, Weight] = {}
        self._tallies: dict[int, Tally] = {}
        self._loops = Loops(clock)

    async def start(self, accounts: Mapping[str, AccountRow]) -> None:
        """Keep the weights of those that have none yet, and weigh from now on. One that is alone
        in its pool has nobody to stand in for it."""
        sizes = Counter(each.pool for each in self._members.values())
        members = {
            accounts[name].id: each for name, each in self._members.items() if sizes[each.pool] > 1
        }
        self._pool_of = {id_: each.pool for id_, each in members.items()}
        self._tallies = {id_: Tally() for id_ in members}
        now = self._clock.now()
        async with self._database.write() as connection:
            await connection.execute(delete(account_weight).where(_w.account_id.not_in(members)))
            for id_, each in members.items():
                await _keep(connection, id_, each.resting, now)
            self._weights = await _weights(connection, list(members))
        if members:
            self._loops.start({"carriers": self._weigh_always})

    async def close(self) -> None:
        await self._loops.stop()

    async def assign(
        self, connection: AsyncConnection, rows: Sequence[Claimed]
    ) -> Sequence[Claimed]:
        """The same rows, each with the account that shall carry it; written in the transaction
        that claims them, so that receipts find them there."""
        if not self._pool_of:
            return rows
        assigned = [replace(row, account_id=self._carrier(row)) for row in rows]
        changed = {
            row.id: row.account_id
            for row, before in zip(assigned, rows, strict=True)
            if row.account_id != before.account_id
        }
        if changed:
            await connection.execute(
                update(outbox)
                .where(outbox.c.id.in_(list(changed)))
                .values(account_id=case(changed, value=outbox.c.id))
            )
        return assigned

    def _carrier(self, row: Claimed) -> int:
        pool = self._pool_of.get(row.account_id)
        if pool is None or row.bound:
            return row.account_id
        weights = {id_: each for id_, each in self._weights.items() if self._pool_of[id_] == pool}
        return choose(weights, row.account_id if row.attempts > 1 else None, self._draw())

    def observe(self, row: Claimed, result: SendResult, seconds: float) -> SendResult:
        """Count what became of a row, and give the result that holds for it: what one account did
        not take is tried at once with the next, once with each."""
        pool = self._pool_of.get(row.account_id)
        if pool is None:
            return result
        failed = isinstance(result, Unknown) or (isinstance(result, Retry) and result.fault)
        self._tallies[row.account_id].add(self._clock.now(), failed=failed, seconds=seconds)
        accounts = sum(each == pool for each in self._pool_of.values())
        untried = not row.bound and row.attempts < accounts
        match result:
            case Retry(reason, begun=False) | Unreachable(reason) if untried:
                return Retry(reason, 0.0)
        return result

    async def _weigh_always(self) -> None:
        while True:
            await self._clock.sleep(WEIGH_EVERY_SECONDS)
            try:
                await self.weigh()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("carriers.not_weighed", error=type(error).__name__)

    async def weigh(self) -> None:
        """Take up what other processes found, and move the weights by what was seen here."""
        ids, now = list(self._pool_of), self._clock.now()
        async with self._database.read() as connection:
            weights = await _weights(connection, ids)
            deliveries = await _deliveries(connection, ids, now)
        for id_, known in weights.items():
            found = moved(known, self._tallies[id_], deliveries.get(id_, Deliveries()), now)
            if found is not None and await self._move(id_, known, found):
                weights[id_] = found
        self._weights = weights

    async def _move(self, account_id: int, known: Weight, found: Weight) -> bool:
        """Whether the step is ours: another process may have taken it."""
        async with self._database.write() as connection:
            written = await connection.execute(
                update(account_weight)
                .where(_w.account_id == account_id, _w.changed_at == known.changed_at)
                .where(_w.weight == known.weight)
                .values(weight=found.weight, reason=found.reason, changed_at=found.changed_at)
            )
        if written.rowcount:
            log.info(
                "carriers.moved",
                account_id=account_id,
                weight=found.weight,
                before=known.weight,
                reason=found.reason,
            )
        return bool(written.rowcount)


async def carriers(connection: AsyncConnection) -> Sequence[Carrier]:
    """All accounts that stand in for each other, for whoever looks at them."""
    rows = await connection.execute(
        select(account.c.name, account.c.pool, account_weight)
        .join(account_weight, _w.account_id == account.c.id)
        .order_by(account.c.pool, account.c.name)
    )
    found = [(row.name, row.pool, row.account_id, _weight(row)) for row in rows.all()]
    parts: dict[int, float] = {}
    for pool in {pool for _, pool, _, _ in found}:
        parts |= shares({id_: weight for _, of, id_, weight in found if of == pool})
    return [Carrier(name, pool, parts[id_], weight) for name, pool, id_, weight in found]


async def _keep(connection: AsyncConnection, account_id: int, resting: int, now: datetime) -> None:
    """Another usual weight begins anew; else what was found before a restart still holds."""
    fresh = {"weight": resting, "resting": resting, "reason": "start", "changed_at": now}
    await connection.execute(_KEEP(connection), {"account_id": account_id, **fresh})
    await connection.execute(
        update(account_weight)
        .where(_w.account_id == account_id, _w.resting != resting)
        .values(**fresh)
    )


async def _weights(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Weight]:
    rows = await connection.execute(select(account_weight).where(_w.account_id.in_(ids)))
    return {row.account_id: _weight(row) for row in rows.all()}


def _weight(row: object) -> Weight:
    return Weight(row.weight, row.resting, row.reason, row.changed_at)  # type: ignore[attr-defined]


async def _deliveries(
    connection: AsyncConnection, ids: Sequence[int], now: datetime
) -> dict[int, Deliveries]:
    """Of accounts whose providers have ever told of a delivery."""
    reporting = select(account.c.id).where(
        account.c.id.in_(ids), exists().where(receipt.c.account_id == account.c.id)
    )
    newest = select(func.max(outbox.c.id)).scalar_subquery()
    rows = await connection.execute(
        select(outbox.c.account_id, outbox.c.sent_at, outbox.c.final_at)
        .where(outbox.c.id > newest - SAMPLED_ROWS, outbox.c.account_id.in_(reporting))
        .where(outbox.c.state.in_(("sent", "delivered")), outbox.c.sent_at > now - DELIVERY_WINDOW)
    )
    due, late = Counter[int](), Counter[int]()
    for row in rows.all():
        took: timedelta = (row.final_at or now) - row.sent_at
        if row.final_at is not None or took > LATE_AFTER:
            due[row.account_id] += 1
            late[row.account_id] += took > LATE_AFTER
    return {id_: Deliveries(due[id_], late[id_]) for id_ in due}
