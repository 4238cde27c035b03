"""Whose petition it is, and the phones that prove it for others."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, address_event, citizen
from backend.database.columns import Id
from backend.organisation.tables import account
from backend.petitions.lifecycle import State
from backend.petitions.tables import petition

TAIL_LENGTH = 4


def own_citizen_ids(citizen_id: ColumnElement[int] | int) -> Select[tuple[int]]:
    """The ids of the citizen and of every record that was merged into theirs."""
    one = literal(citizen_id, Id) if isinstance(citizen_id, int) else citizen_id
    own = select(one.label("id")).cte("own", recursive=True)
    merged = (
        select(address_event.c.other_citizen_id)
        .join(own, own.c.id == address_event.c.citizen_id)
        .join(citizen, citizen.c.id == address_event.c.other_citizen_id)
        .where(address_event.c.type == "merged", citizen.c.merged_into.is_not(None))
    )
    return select(own.union(merged).c.id)


async def find_own(
    connection: AsyncConnection,
    citizen_id: int,
    number: str | None,
    *,
    states: frozenset[State] | None = None,
    lock: bool = True,
) -> Row[Any] | None:
    """The citizen's petition of that number; None: their newest one (in one of `states`, where
    given; states do not narrow a search by number). The row is locked unless `lock` is False."""
    query = select(petition).where(petition.c.citizen_id.in_(own_citizen_ids(citizen_id)))
    if number is not None:
        query = query.where(petition.c.number == number)
    elif states is not None:
        query = query.where(petition.c.state.in_([state.value for state in states]))
    query = query.order_by(petition.c.id.desc()).limit(1)
    if lock:
        query = query.with_for_update()
    return (await connection.execute(query)).first()


async def tail_fits(connection: AsyncConnection, row: Row[Any], tail: str) -> bool:
    """Whether `tail` ends a phone of the petition: the contact's, the citizen's, or the number
    the text message came from."""
    tail = re.sub(r"\D", "", tail)
    if len(tail) != TAIL_LENGTH:
        return False
    found = (
        await connection.execute(
            select(citizen.c.phone, address.c.external_id, account.c.channel)
            .select_from(address)
            .join(account, account.c.id == address.c.account_id)
            .join(citizen, citizen.c.id == row.citizen_id)
            .where(address.c.id == row.address_id)
        )
    ).one()
    phones = [row.contact_phone, found.phone]
    if found.channel == "sms":
        phones.append(found.external_id)
    return any(
        secrets.compare_digest(re.sub(r"\D", "", phone)[-TAIL_LENGTH:], tail)
        for phone in phones
        if phone
    )
