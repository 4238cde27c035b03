"""Rows in tables as they were at an earlier revision, which today's code no longer knows."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, MetaData, Table

AT = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)


class EarlierRows:
    """`put` adds one and gives its id; what must not be empty and is not given gets a stand-in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tables = MetaData()
        self.tables.reflect(connection)

    def put(self, name: str, /, **given: object) -> int:
        table: Table = self.tables.tables[name]
        row: dict[str, object] = {}
        for column in table.columns:
            if column.name in given:
                row[column.name] = given[column.name]
            elif not column.nullable and not column.primary_key:
                row[column.name] = self._stand_in(column.type.python_type)
        found = self._connection.execute(table.insert().values(row).returning(table.c.id))
        return int(found.scalar_one())

    def _stand_in(self, kind: type) -> object:
        return {str: "x", int: 0, bool: False, datetime: self.moment()}[kind]

    def moment(self) -> object:
        """As the driver wants it where no column type of ours stands between."""
        if self._connection.dialect.name == "sqlite":
            return AT.isoformat(" ", "microseconds")[:26]
        return AT
