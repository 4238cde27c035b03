"""Who writes: addresses and the citizens behind them; linking and merging are events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, String, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import consent, same_number
from backend.conversation.tables import address, address_event, citizen, outbox
from backend.organisation.tables import account

_c = address.c
_CURRENT = select(_c.id, _c.citizen_id, _c.external_id, _c.left_at).where(
    _c.ended_at.is_(None), _c.account_id == bindparam("of_account")
)
_asked = (
    func.unnest(bindparam("known_as", type_=ARRAY(String)))
    .table_valued("known_as")
    .render_derived("asked")
)
# To PostgreSQL an array is one statement, a list of values a new one for each length; and the
# lateral look-up (which OFFSET 0 keeps) goes by the index, whatever it believes of the table.
_found = _CURRENT.where(_c.external_id == _asked.c.known_as).offset(0).lateral("found")
_CURRENT_OF_MANY = {
    "sqlite": _CURRENT.where(_c.external_id.in_(bindparam("known_as", expanding=True))),
    "postgresql": select(_found).select_from(_asked),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A configured account as the database knows it."""

    id: int
    name: str
    channel: str
    org_id: int


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A current address and its citizen. `left`: they had stopped following the account."""

    id: int
    citizen_id: int
    left: bool = False


async def load_accounts(connection: AsyncConnection) -> dict[str, AccountRow]:
    """All accounts by name."""
    rows = await connection.execute(
        select(account.c.id, account.c.name, account.c.channel, account.c.org_id)
    )
    return {row.name: AccountRow(row.id, row.name, row.channel, row.org_id) for row in rows}


async def known_address(
    connection: AsyncConnection, account_name: str, external_id: str
) -> int | None:
    """The id of a current address, None for one that never wrote."""
    found = await connection.execute(
        select(_c.id)
        .join(account, account.c.id == _c.account_id)
        .where(account.c.name == account_name)
        .where(_c.external_id == external_id, _c.ended_at.is_(None))
    )
    return found.scalar_one_or_none()


async def find_or_open(
    connection: AsyncConnection, wanted: Iterable[tuple[AccountRow, str]], now: datetime
) -> dict[tuple[int, str], AddressRow]:
    """The current address of each (account, external id); unknown ones get a new citizen, or that
    of the same number at another account of the pool.

    Raises IntegrityError when another process opened one of them at the same moment: the caller
    repeats its transaction.
    """
    keys = {(row.id, external_id): row for row, external_id in wanted}
    found = await _current(connection, list(keys))
    missing = {key: row for key, row in keys.items() if key not in found}
    return found | await _open(connection, missing, now) if missing else found


async def _current(
    connection: AsyncConnection, keys: list[tuple[int, str]]
) -> dict[tuple[int, str], AddressRow]:
    by_account: dict[int, list[str]] = {}
    for account_id, external_id in keys:
        by_account.setdefault(account_id, []).append(external_id)
    found = {}
    for account_id, ids in by_account.items():
        rows = await connection.execute(
            _CURRENT_OF_MANY[connection.dialect.name], {"of_account": account_id, "known_as": ids}
        )
        for id_, citizen_id, external_id, left_at in rows:
            found[account_id, external_id] = AddressRow(id_, citizen_id, left_at is not None)
    return found


async def _open(
    connection: AsyncConnection, missing: dict[tuple[int, str], AccountRow], now: datetime
) -> dict[tuple[int, str], AddressRow]:
    beside = await same_number.beside(connection, list(missing))
    owners = {key: known.citizen_id for key, known in beside.items()}
    owners |= await _new_citizens(
        connection, {key: row for key, row in missing.items() if key not in beside}, now
    )
    rows = [
        {"account_id": key[0], "external_id": key[1], "citizen_id": owners[key], "created_at": now}
        for key in missing
    ]
    addresses = await connection.execute(
        address.insert().returning(address.c.id, sort_by_parameter_order=True), rows
    )
    opened = {
        key: AddressRow(int(row.id), owners[key])
        for key, row in zip(missing, addresses.all(), strict=True)
    }
    await connection.execute(
        address_event.insert(),
        [
            {
                "at": now,
                "type": "linked" if key in beside else "opened",
                "address_id": row.id,
                "citizen_id": row.citizen_id,
                "reason": "",
            }
            for key, row in opened.items()
        ],
    )
    for key, known in beside.items():
        await consent.carry_over(connection, known.address_id, opened[key].id)
    return opened


async def _new_citizens(
    connection: AsyncConnection, missing: dict[tuple[int, str], AccountRow], now: datetime
) -> dict[tuple[int, str], int]:
    if not missing:
        return {}
    added = await connection.execute(
        citizen.insert().returning(citizen.c.id, sort_by_parameter_order=True),
        [{"org_id": row.org_id, "created_at": now} for row in missing.values()],
    )
    return {key: int(row.id) for key, row in zip(missing, added.all(), strict=True)}


async def move_address(
    connection: AsyncConnection,
    address_id: int,
    to_citizen_id: int,
    now: datetime,
    *,
    event: str = "linked",
    user_id: int | None = None,
    reason: str = "",
) -> None:
    """Give an address to another citizen (`linked`: one person on two channels; `unlinked`: to
    one of their own again). What the old citizen said and filed stays theirs."""
    old = (
        await connection.execute(select(address.c.citizen_id).where(address.c.id == address_id))
    ).scalar_one()
    await connection.execute(
        update(address).where(address.c.id == address_id).values(citizen_id=to_citizen_id)
    )
    await _record(
        connection, event, address_id, to_citizen_id, now, other=old, user_id=user_id, reason=reason
    )


async def pass_on(
    connection: AsyncConnection, address_id: int, now: datetime, *, user_id: int | None = None
) -> None:
    """The number has gone to another person: end the address; the next message opens a new
    citizen, who sees nothing of the old one, nor gets what was still to be sent to them."""
    row = (
        await connection.execute(
            update(address)
            .where(address.c.id == address_id, address.c.ended_at.is_(None))
            .values(ended_at=now)
            .returning(address.c.citizen_id)
        )
    ).first()
    if row is None:
        return
    await connection.execute(
        update(outbox)
        .where(outbox.c.address_id == address_id, outbox.c.state.in_(("queued", "kept")))
        .values(state="failed", error="the address has passed on", final_at=now)
    )
    await _record(connection, "passed_on", address_id, row.citizen_id, now, user_id=user_id)


async def open_for(
    connection: AsyncConnection,
    owner: AccountRow,
    external_id: str,
    citizen_id: int,
    now: datetime,
) -> int:
    """Open an address, unknown or ended before, as a known citizen's; its id."""
    inserted = await connection.execute(
        address.insert()
        .values(account_id=owner.id, external_id=external_id, citizen_id=citizen_id, created_at=now)
        .returning(address.c.id)
    )
    address_id = int(inserted.scalar_one())
    await _record(connection, "linked", address_id, citizen_id, now)
    return address_id


async def merge_citizens(
    connection: AsyncConnection,
    from_id: int,
    into_id: int,
    now: datetime,
    *,
    user_id: int | None = None,
    reason: str = "",
) -> None:
    """Two records are one person: every current address moves, the old record points to the new."""
    ids = (
        await connection.execute(
            select(address.c.id).where(
                address.c.citizen_id == from_id, address.c.ended_at.is_(None)
            )
        )
    ).scalars()
    for address_id in list(ids):
        await move_address(
            connection, address_id, into_id, now, event="merged", user_id=user_id, reason=reason
        )
    await connection.execute(
        update(citizen).where(citizen.c.id == from_id).values(merged_into=into_id)
    )


async def _record(
    connection: AsyncConnection,
    event: str,
    address_id: int,
    citizen_id: int,
    now: datetime,
    *,
    other: int | None = None,
    user_id: int | None = None,
    reason: str = "",
) -> None:
    await connection.execute(
        address_event.insert().values(
            at=now,
            type=event,
            address_id=address_id,
            citizen_id=citizen_id,
            other_citizen_id=other,
            user_id=user_id,
            reason=reason,
        )
    )
