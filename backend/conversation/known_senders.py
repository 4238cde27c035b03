"""Messages of senders whose address is known, in one statement: one way to PostgreSQL and back for
a group where look-up, insert and commit take four. It stands in the way of every message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, bindparam, func, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, message

_m, _a = message.c, address.c
_UNIQUE = ("account_id", "external_id")
_OF_ADDRESS = ("address_id", "citizen_id")
_GIVEN: tuple[Column[Any], ...] = (
    _m.account_id,
    _m.external_id,
    _m.kind,
    _m.text,
    _m.detail,
    _m.raw,
    _m.media_count,
    _m.sent_at,
    _m.received_at,
    _m.reply_until,
)
SENDER = "sender"
_group = (
    func.unnest(
        *(bindparam(column.name, type_=ARRAY(column.type)) for column in _GIVEN),
        bindparam(SENDER, type_=ARRAY(_a.external_id.type)),
    )
    .table_valued(
        *(Column(column.name, column.type) for column in _GIVEN),
        Column(SENDER, _a.external_id.type),
        with_ordinality="place",
    )
    .render_derived("given")
)
# The lateral look-up (which OFFSET 0 keeps) goes by the index, whatever is believed of the table.
_sender = (
    select(_a.id, _a.citizen_id)
    .where(
        _a.ended_at.is_(None),
        _a.left_at.is_(None),  # who had left and writes is a follower again: more to note
        _a.account_id == _group.c.account_id,
        _a.external_id == _group.c[SENDER],
    )
    .offset(0)
    .lateral("known")
)
_ADD = (
    postgresql.insert(message)
    .from_select(
        [*(column.name for column in _GIVEN), *_OF_ADDRESS],
        select(*(_group.c[column.name] for column in _GIVEN), _sender.c.id, _sender.c.citizen_id)
        .select_from(_group)
        .join(_sender, true())
        .order_by(_group.c.place),
        include_defaults=False,
    )
    .on_conflict_do_nothing(index_elements=_UNIQUE)
    .returning(_m.id, _m.citizen_id, _m.account_id, _m.external_id)
)


async def add_of_known(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> Sequence[Any]:
    """(id, citizen, account, external id) of each row added: those whose `sender` has an address
    of the account and which were not there before. PostgreSQL only; a row is what the message has,
    without its address and citizen."""
    names = [*(column.name for column in _GIVEN), SENDER]
    added = await connection.execute(_ADD, {name: [row[name] for row in rows] for name in names})
    return added.all()
