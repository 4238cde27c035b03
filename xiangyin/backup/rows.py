"""Rows of any of our schemas as lines of JSON, the same for SQLite and PostgreSQL.

The first line of a file names the columns, each other one is an array of values. A moment is text
as SQLite keeps it ('2026-11-23 08:00:00.000000', UTC), a date ISO 8601, bytes are Base64, a number
of fixed places is text ('12.50').
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import batched
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    insert,
    select,
)
from sqlalchemy import inspect as inspect_database
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.columns import Json

BATCH = 500
VERSIONS = "alembic_version"


def present_tables(connection: Connection) -> list[Table]:
    """The tables of the database as it stands, those others point at first.

    The schema may be older than the code, so the database is asked. SQLite's search indexes are
    left out: they are made of the rows and filled by their triggers.
    """
    ordinary = set(inspect_database(connection).get_table_names()) - {VERSIONS}
    if connection.dialect.name == "sqlite":
        listed = connection.exec_driver_sql("PRAGMA table_list").all()
        ordinary -= {name for _, name, kind, *_ in listed if kind in ("virtual", "shadow")}
    metadata = MetaData()
    metadata.reflect(connection, only=sorted(ordinary))
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = Json  # SQL's NULL, not the JSON word null
    return list(metadata.sorted_tables)


def _kept(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.computed is None]


async def lines(connection: AsyncConnection, table: Table) -> AsyncIterator[bytes]:
    """The file of a table, line by line, in the order of its primary key."""
    columns = _kept(table)
    yield _line([column.name for column in columns])
    query = select(*columns).order_by(*table.primary_key.columns)
    async with connection.stream(query.execution_options(yield_per=BATCH)) as rows:
        async for row in rows:
            yield _line([_plain(value) for value in row])


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        utc = value.astimezone(UTC) if value.tzinfo else value
        return utc.replace(tzinfo=None).isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    return value


async def load(connection: AsyncConnection, table: Table, file: Path) -> int:
    """Replace what the table holds by the rows of `file`; how many. Raises ValueError or KeyError
    where the file's columns are not the table's."""
    await connection.execute(table.delete())
    count = 0
    for rows in batched(_records(table, file), BATCH):
        await connection.execute(insert(table), rows)
        count += len(rows)
    return count


def _records(table: Table, file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as stream:
        columns: list[str] = json.loads(next(stream))
        if set(columns) != {column.name for column in _kept(table)}:
            raise ValueError(f"{table.name}: other columns than the schema's")
        values = [_reader(table.columns[name]) for name in columns]
        for line in stream:
            yield dict(zip(columns, _row(values, json.loads(line)), strict=True))


def _row(readers: Sequence[Callable[[Any], Any]], values: Sequence[Any]) -> Iterator[Any]:
    for read, value in zip(readers, values, strict=True):
        yield None if value is None else read(value)


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, DateTime):
        return lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC)
    if isinstance(column.type, Date):
        return date.fromisoformat
    if isinstance(column.type, LargeBinary):
        return base64.b64decode
    if isinstance(column.type, Numeric) and column.type.asdecimal:
        return Decimal
    return lambda value: value
