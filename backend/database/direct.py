"""A statement for the driver itself, past SQLAlchemy, whose way there costs more than a small
statement does. For what every message waits for; everything else is better off with SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as postgresql_asyncpg
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

# What the drivers raise themselves.
DRIVER_ERRORS = (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)
DIALECTS: Mapping[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql_asyncpg.dialect(),  # type: ignore[no-untyped-call]
}


class DirectStatement:
    """Written out once. `fields`: its parameters by name, in the order in which callers have them,
    each with the type of one value. Those `alike` are the same in all rows."""

    def __init__(
        self,
        statement: Executable,
        database: str,
        fields: Mapping[str, TypeEngine[Any]],
        *,
        alike: Collection[str] = (),
    ) -> None:
        dialect = DIALECTS[database]
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        names = list(fields)
        self.sql = str(compiled)
        self._places = [(names.index(name), name in alike) for name in compiled.positiontup]
        self._processors = [
            type_.dialect_impl(dialect).bind_processor(dialect) for type_ in fields.values()
        ]

    def arguments(self, columns: Sequence[Sequence[Any]]) -> list[Any]:
        """`columns`: for each field the values of all rows. For each parameter, as the driver
        counts them, those values as it takes them; the one value of those alike."""
        arguments: list[Any] = []
        for place, alike in self._places:
            column, process = columns[place], self._processors[place]
            if alike:
                arguments.append(column[0] if process is None else process(column[0]))
            else:
                arguments.append(column if process is None else list(map(process, column)))
        return arguments
