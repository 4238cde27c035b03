"""Messages of senders whose address is known: one statement finds it and stores the message, where
look-up, insert and commit take four. It stands in the way of every message, so it is built once and
goes to the driver itself; SQLAlchemy's way there costs more than the statement.

On PostgreSQL one statement takes a whole group, each column an array; on SQLite, which is in this
process, each message is one execution of the same prepared statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Column,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

from backend.conversation.tables import address, message
from backend.database.direct import DirectStatement
from backend.database.engine import Database


class NewMessage(NamedTuple):
    """What is stored of a message, still without its address. All but `sender` (the address's
    external id) are columns."""

    account_id: int
    external_id: str
    kind: str
    text: str
    detail: dict[str, Any] | None
    raw: bytes
    media_count: int
    sent_at: datetime | None
    received_at: datetime
    reply_until: datetime | None
    sender: str


class Added(NamedTuple):
    """A message that was stored."""

    message_id: int
    citizen_id: int


_m, _a = message.c, address.c
_UNIQUE = ("account_id", "external_id")
_OF_ADDRESS = ("address_id", "citizen_id")
_STORED = (_m.id, _m.citizen_id, _m.account_id, _m.external_id)
_SENDER = NewMessage._fields[-1]
_GIVEN: tuple[Column[Any], ...] = tuple(_m[name] for name in NewMessage._fields[:-1])
# The same for all of a group that came together and is nothing but words.
_ALIKE = (_m.media_count, _m.received_at)
_EACH = tuple(column for column in _GIVEN if column not in set(_ALIKE))


def _insert(into: Any, rows: Select[Any]) -> Any:
    """Adds `rows` that are not there yet."""
    names = [*(column.name for column in _GIVEN), *_OF_ADDRESS]
    return into.from_select(names, rows, include_defaults=False).on_conflict_do_nothing(
        index_elements=_UNIQUE
    )


def _current(account_id: Any, sender: Any) -> tuple[Any, ...]:
    """The address a message comes from. Who had left and writes is a follower again: there is more
    to note, so theirs is not found here."""
    return (
        _a.ended_at.is_(None),
        _a.left_at.is_(None),
        _a.account_id == account_id,
        _a.external_id == sender,
    )


def _of_one() -> Any:
    """For SQLite."""
    given = (bindparam(column.name, type_=column.type) for column in _GIVEN)
    known = _current(bindparam(_m.account_id.name), bindparam(_SENDER))
    rows = select(*given, _a.id, _a.citizen_id).where(*known)
    return _insert(sqlite.insert(message), rows)


def _of_group() -> Any:
    """For PostgreSQL."""
    group = (
        func.unnest(
            *(bindparam(column.name, type_=ARRAY(column.type)) for column in _EACH),
            bindparam(_SENDER, type_=ARRAY(_a.external_id.type)),
        )
        .table_valued(
            *(Column(column.name, column.type) for column in _EACH),
            Column(_SENDER, _a.external_id.type),
            with_ordinality="place",
        )
        .render_derived("given")
    )
    # The lateral look-up (which OFFSET 0 keeps) goes by the index, whatever is believed of the
    # table.
    known = (
        select(_a.id, _a.citizen_id)
        .where(*_current(group.c.account_id, group.c[_SENDER]))
        .offset(literal_column("0"))
        .lateral("known")
    )
    values = {column.name: group.c[column.name] for column in _EACH} | {
        column.name: bindparam(column.name, type_=column.type) for column in _ALIKE
    }
    rows = (
        select(*(values[column.name] for column in _GIVEN), known.c.id, known.c.citizen_id)
        .select_from(group)
        .join(known, true())
        .order_by(group.c.place)
    )
    return _insert(postgresql.insert(message), rows).returning(*_STORED)


_FIELDS = {**{column.name: column.type for column in _GIVEN}, _SENDER: _a.external_id.type}
_OF_ONE = DirectStatement(_of_one(), "sqlite", _FIELDS)
_OF_GROUP = DirectStatement(
    _of_group(), "postgresql", _FIELDS, alike=[column.name for column in _ALIKE]
)
# Those of SQLite that say what was added.
_NEWEST = str(select(func.max(_m.id)))
_SINCE = str(select(*_STORED).where(_m.id > bindparam("newest")).compile(dialect=sqlite.dialect()))


async def add_of_known(database: Database, group: Sequence[NewMessage]) -> list[Added | None]:
    """For each of a group of words, received together, in order; None for one whose sender has no
    address of the account, or that was there before. Raises one of DRIVER_ERRORS."""
    async with database.write_direct() as driver:
        if database.is_sqlite:
            rows = _one_by_one(driver, group)
        else:
            rows = await driver.fetch(_OF_GROUP.sql, *_OF_GROUP.columns(group))
    added = {
        (account_id, external_id): Added(id_, citizen_id)
        for id_, citizen_id, account_id, external_id in rows
    }
    return [added.pop((each.account_id, each.external_id), None) for each in group]


def _one_by_one(driver: sqlite3.Connection, group: Sequence[NewMessage]) -> list[Any]:
    # Nobody else writes meanwhile, so what is new is ours; to ask for it once costs less than to
    # have each statement return its row.
    newest = driver.execute(_NEWEST).fetchone()[0] or 0
    driver.executemany(_OF_ONE.sql, zip(*_OF_ONE.columns(group), strict=True))
    return driver.execute(_SINCE, (newest,)).fetchall()
