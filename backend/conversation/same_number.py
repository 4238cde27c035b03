"""One phone number at several accounts of a pool is one person: whichever account carried a
message, the answer to it is theirs, and so is a refusal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address
from backend.organisation.tables import account

_mine, _other = account.alias("mine"), account.alias("other")
_own = address.alias("own")
_IN_POOL = (_other.c.pool == _mine.c.pool) & (_mine.c.pool != "") & (_other.c.id != _mine.c.id)


@dataclass(frozen=True, slots=True)
class Beside:
    """The same number's current address at another account of the pool."""

    address_id: int
    citizen_id: int


async def beside(
    connection: AsyncConnection, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Beside]:
    """Of each (account, external id) that is known at another account of the pool, the newest."""
    accounts = {account_id for account_id, _ in keys}
    pools = await connection.execute(
        select(_mine.c.id, _other.c.id.label("other_id"))
        .join(_other, _IN_POOL)
        .where(_mine.c.id.in_(accounts))
    )
    wanted: dict[tuple[int, str], list[tuple[int, str]]] = {}
    for pair in pools.all():
        for key in keys:
            if key[0] == pair.id:
                wanted.setdefault((pair.other_id, key[1]), []).append(key)
    if not wanted:
        return {}
    found = await connection.execute(
        select(address.c.id, address.c.account_id, address.c.external_id, address.c.citizen_id)
        .where(tuple_(address.c.account_id, address.c.external_id).in_(list(wanted)))
        .where(address.c.ended_at.is_(None))
        .order_by(address.c.id)
    )
    return {
        key: Beside(row.id, row.citizen_id)
        for row in found.all()
        for key in wanted[row.account_id, row.external_id]
    }


async def addresses_of_number(connection: AsyncConnection, address_id: int) -> Sequence[int]:
    """Ids of an address and of the same number's other current ones in its pool."""
    rows = await connection.execute(
        select(address.c.id)
        .select_from(_own)
        .join(_mine, _mine.c.id == _own.c.account_id)
        .join(_other, _IN_POOL)
        .join(address, address.c.account_id == _other.c.id)
        .where(_own.c.id == address_id, address.c.external_id == _own.c.external_id)
        .where(address.c.ended_at.is_(None))
        .order_by(address.c.id)
    )
    return [address_id, *rows.scalars()]
