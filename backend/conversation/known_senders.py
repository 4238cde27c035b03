"""Messages of senders whose address is known: one statement finds it and stores the message, where
look-up, insert and commit take four. It stands in the way of every message, so it is built once and
goes to the driver itself; SQLAlchemy's way there costs more than the statement.

On PostgreSQL one statement takes a whole group, each column an array; on SQLite, which is in this
process, each message is one execution of the same prepared statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import asyncpg
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
_AS_SENDER = Column(_SENDER, _a.external_id.type)
_GIVEN: tuple[Column[Any], ...] = tuple(_m[name] for name in NewMessage._fields[:-1])
_FIELDS = {column.name: column.type for column in (*_GIVEN, _AS_SENDER)}
# Often one value for a whole group, and then given once: in an array each message pays for it.
_OFTEN_ALIKE = ("account_id", "kind", "detail", "media_count", "received_at", "reply_until")
_PLACES = [(name, NewMessage._fields.index(name)) for name in _OFTEN_ALIKE]


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


@cache
def _of_group(alike: frozenset[str]) -> DirectStatement:
    """For PostgreSQL, of a group in which the columns `alike` hold one value each."""
    each = [column for column in (*_GIVEN, _AS_SENDER) if column.name not in alike]
    # An array inside a sub-select has no length the planner could see: it keeps one plan for all
    # groups, where it would plan each of them anew.
    arrays = [select(bindparam(column.name, type_=ARRAY(column.type))) for column in each]
    group = (
        func.unnest(*(array.scalar_subquery() for array in arrays))
        .table_valued(
            *(Column(column.name, column.type) for column in each), with_ordinality="place"
        )
        .render_derived("given")
    )
    values: dict[str, Any] = {column.name: group.c[column.name] for column in each}
    values |= {name: bindparam(name, type_=_m[name].type) for name in alike}
    # The lateral look-up (which OFFSET 0 keeps) goes by the index, whatever is believed of the
    # table.
    known = (
        select(_a.id, _a.citizen_id)
        .where(*_current(values[_m.account_id.name], values[_SENDER]))
        .offset(literal_column("0"))
        .lateral("known")
    )
    rows = (
        select(*(values[column.name] for column in _GIVEN), known.c.id, known.c.citizen_id)
        .select_from(group)
        .join(known, true())
        .order_by(group.c.place)
    )
    statement = _insert(postgresql.insert(message), rows).returning(*_STORED)
    return DirectStatement(statement, "postgresql", _FIELDS, alike=alike)


_OF_ONE = DirectStatement(_of_one(), "sqlite", _FIELDS)
# Those of SQLite that say what was added.
_NEWEST = str(select(func.max(_m.id)))
_SINCE = str(select(*_STORED).where(_m.id > bindparam("newest")).compile(dialect=sqlite.dialect()))


async def add_of_known(database: Database, group: Sequence[NewMessage]) -> list[Added | None]:
    """For each of a group of words, received together, in order; None for one whose sender has no
    address of the account, or that was there before. Raises one of DRIVER_ERRORS."""
    columns = list(zip(*group, strict=True))
    async with database.write_direct() as driver:
        if database.is_sqlite:
            rows = _one_by_one(driver, columns)
        else:
            rows = await _at_once(driver, columns)
    added = {
        (account_id, external_id): Added(id_, citizen_id)
        for id_, citizen_id, account_id, external_id in rows
    }
    return [added.pop((each.account_id, each.external_id), None) for each in group]


async def _at_once(driver: asyncpg.Connection, columns: Sequence[Sequence[Any]]) -> list[Any]:
    alike = [name for name, place in _PLACES if _is_one_value(columns[place])]
    statement = _of_group(frozenset(alike))
    return list(await driver.fetch(statement.sql, *statement.arguments(columns)))


def _is_one_value(column: Sequence[Any]) -> bool:
    return column.count(column[0]) == len(column)


def _one_by_one(driver: sqlite3.Connection, columns: Sequence[Sequence[Any]]) -> list[Any]:
    # Nobody else writes meanwhile, so what is new is ours; to ask for it once costs less than to
    # have each statement return its row.
    newest = driver.execute(_NEWEST).fetchone()[0] or 0
    driver.executemany(_OF_ONE.sql, zip(*_OF_ONE.arguments(columns), strict=True))
    return driver.execute(_SINCE, (newest,)).fetchall()
