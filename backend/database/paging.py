"""Pages of a long list, newest first, each beginning where the one before it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection


async def page_before(
    connection: AsyncConnection,
    query: Select[Any],
    id_: ColumnElement[int],
    before: int | None,
    size: int,
) -> tuple[Sequence[Row[Any]], int | None]:
    """Of `query`, which selects `id_` as `id`, the `size` rows with the greatest ids below
    `before` (None: the first page); and the `before` of the next page, None at the end."""
    if before is not None:
        query = query.where(id_ < before)
    rows = (await connection.execute(query.order_by(id_.desc()).limit(size + 1))).all()
    return rows[:size], rows[size - 1].id if len(rows) > size else None
