"""`INSERT … ON CONFLICT DO NOTHING RETURNING …`, which SQLAlchemy spells for each database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable


class InsertOnce:
    """Adds a row unless `unique` (columns of a unique index) has it; gives `returning` of an added
    one. Built once: `await connection.execute(once(connection), values)`."""

    def __init__(
        self, table: Table, unique: Sequence[str] = (), *returning: ColumnElement[Any]
    ) -> None:
        self._statements: dict[str, Executable] = {}
        for insert in (sqlite.insert, postgresql.insert):
            statement = insert(table).on_conflict_do_nothing(index_elements=unique or None)
            name = statement.stringify_dialect
            self._statements[name] = statement.returning(*returning) if returning else statement

    def __call__(self, connection: AsyncConnection) -> Executable:
        return self._statements[connection.dialect.name]
