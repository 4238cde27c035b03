"""The day's counter behind petition numbers: atomic on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.number import make_number
from backend.petitions.rules import today
from backend.petitions.tables import counter


async def next_number(connection: AsyncConnection, now: datetime) -> str:
    """The next free number of today (Asia/Shanghai).

    One statement, so no two transactions get the same value: the row stays locked until the
    caller's transaction ends, and a rollback gives the value back (numbers have no gaps).
    """
    day = today(now)
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(counter)
        .values(name=f"petition:{day:%Y%m%d}", value=1)
        .on_conflict_do_update(index_elements=[counter.c.name], set_={"value": counter.c.value + 1})
        .returning(counter.c.value)
    )
    value = (await connection.execute(statement)).scalar_one()
    return make_number(day, int(value))
