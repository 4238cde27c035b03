"""Whose a phone number is once it was proven: joined to a citizen, set free, or taken over from
whoever had it before."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import addresses
from backend.conversation.addresses import AccountRow
from backend.conversation.same_number import addresses_of_number
from backend.conversation.scene import Scene
from backend.conversation.tables import address, citizen, message
from backend.organisation.tables import account

# Operators give a number to the next person after some three months: what was said from a number
# that was silent so long may be another's.
SILENT_TOO_LONG = timedelta(days=90)


async def addresses_of(connection: AsyncConnection, citizen_id: int) -> list[Row[Any]]:
    """The citizen's current addresses, each with the name of its account."""
    rows = await connection.execute(
        select(address, account.c.name)
        .join(account, account.c.id == address.c.account_id)
        .where(address.c.citizen_id == citizen_id, address.c.ended_at.is_(None))
        .order_by(address.c.id)
    )
    return list(rows.all())


async def is_current(connection: AsyncConnection, address_id: int) -> bool:
    """Whether the number still is whose it was when the code was sent."""
    query = select(address.c.id).where(address.c.id == address_id, address.c.ended_at.is_(None))
    return await connection.scalar(query) is not None


async def join(
    connection: AsyncConnection, scene: Scene, address_id: int, sms: Collection[str]
) -> tuple[str, Row[Any] | None]:
    """Make a current address the citizen's, in the place of another number of theirs. Its digits,
    and the address of whoever had linked it before, to be told. `sms`: names of SMS accounts."""
    row = (
        await connection.execute(
            select(address, account.c.name)
            .join(account, account.c.id == address.c.account_id)
            .where(address.c.id == address_id)
        )
    ).one()
    number = await addresses_of_number(connection, row.id)
    for one in await addresses_of(connection, scene.citizen_id):
        if one.name in sms and one.id not in number:
            await set_free(connection, one, scene)
    others = [one for one in await addresses_of(connection, row.citizen_id) if one.id not in number]
    if others or await _silent_too_long(connection, number, scene):
        await _take_over(connection, scene, row, number)
    else:
        await addresses.merge_citizens(
            connection, row.citizen_id, scene.citizen_id, scene.now, reason="code"
        )
    await connection.execute(
        update(citizen).where(citizen.c.id == scene.citizen_id).values(phone=row.external_id)
    )
    return row.external_id, others[0] if others else None


async def set_free(connection: AsyncConnection, row: Row[Any], scene: Scene) -> None:
    """Give a number of the citizen's a citizen of its own again, at every account of its pool."""
    own = {one.id for one in await addresses_of(connection, scene.citizen_id)}
    if row.id not in own:
        return  # it went with another address of the same number
    number = [one for one in await addresses_of_number(connection, row.id) if one in own]
    inserted = await connection.execute(
        citizen.insert().values(org_id=scene.org_id, created_at=scene.now).returning(citizen.c.id)
    )
    alone = int(inserted.scalar_one())
    for address_id in number:
        await addresses.move_address(connection, address_id, alone, scene.now, event="unlinked")
    await _forget(connection, row)


async def _take_over(
    connection: AsyncConnection, scene: Scene, row: Row[Any], number: Collection[int]
) -> None:
    """The number is another person's now: nothing of the old one's comes with it."""
    for address_id in number:
        await addresses.pass_on(connection, address_id, scene.now)
    await _forget(connection, row)
    owner = AccountRow(row.account_id, row.name, scene.channel, scene.org_id)
    await addresses.open_for(connection, owner, row.external_id, scene.citizen_id, scene.now)


async def _forget(connection: AsyncConnection, row: Row[Any]) -> None:
    """It is no longer the phone of whoever `row` says it was."""
    await connection.execute(
        update(citizen)
        .where(citizen.c.id == row.citizen_id, citizen.c.phone == row.external_id)
        .values(phone=None)
    )


async def _silent_too_long(
    connection: AsyncConnection, number: Collection[int], scene: Scene
) -> bool:
    last = await connection.scalar(
        select(func.max(message.c.received_at)).where(message.c.address_id.in_(number))
    )
    return last is not None and scene.now - last > SILENT_TOO_LONG
