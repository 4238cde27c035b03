"""`INSERT … ON CONFLICT DO NOTHING RETURNING …`, which SQLAlchemy spells for each database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Column, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable

Row = Mapping[str, Any]


class InsertOnce:
    """Adds a row unless `unique` (columns of a unique index) has it; gives `returning` of an added
    one. Built once: `await connection.execute(once(connection), values)`."""

    def __init__(self, table: Table, unique: Sequence[str] = (), *returning: Column[Any]) -> None:
        self._statements: dict[str, Executable] = {}
        for insert in (sqlite.insert, postgresql.insert):
            statement = insert(table).on_conflict_do_nothing(index_elements=unique or None)
            name = statement.stringify_dialect
            self._statements[name] = statement.returning(*returning) if returning else statement

    def __call__(self, connection: AsyncConnection) -> Executable:
        return self._statements[connection.dialect.name]


class InsertManyOnce:
    """The same for many rows of these columns at once.

    PostgreSQL would parse and plan a list of values anew for each number of rows, which costs it
    more than to store them; so there each column is one array, and the statement always the same.
    SQLite has the list, but of bare values: SQLAlchemy's own takes longer than to store them.
    """

    def __init__(
        self,
        table: Table,
        columns: Sequence[str],
        unique: Sequence[str],
        *returning: Column[Any],
    ) -> None:
        self._columns = columns
        dialect = sqlite.dialect()
        found = [(name, table.c[name].type.dialect_impl(dialect)) for name in columns]
        self._processors = [(name, type_.bind_processor(dialect)) for name, type_ in found]
        # Names are those of our own tables.
        self._head = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608
        self._tail = f" ON CONFLICT ({', '.join(unique)}) DO NOTHING RETURNING " + ", ".join(
            column.name for column in returning
        )
        arrays = select(
            *(func.unnest(bindparam(name, type_=ARRAY(table.c[name].type))) for name in columns)
        )
        self._of_arrays = (
            postgresql.insert(table)
            .from_select(columns, arrays, include_defaults=False)
            .on_conflict_do_nothing(index_elements=unique)
            .returning(*returning)
        )

    async def __call__(self, connection: AsyncConnection, rows: Sequence[Row]) -> Sequence[Any]:
        """The `returning` of each row added; each of `rows` has all the columns."""
        if connection.dialect.name == "postgresql":
            arrays = {name: [row[name] for row in rows] for name in self._columns}
            return (await connection.execute(self._of_arrays, arrays)).all()
        return await self._of_values(connection, rows)

    async def _of_values(self, connection: AsyncConnection, rows: Sequence[Row]) -> Sequence[Any]:
        one = f"({', '.join('?' * len(self._columns))})"
        values = tuple(
            row[name] if process is None else process(row[name])
            for row in rows
            for name, process in self._processors
        )
        statement = self._head + ", ".join([one] * len(rows)) + self._tail
        return (await connection.exec_driver_sql(statement, values)).all()
