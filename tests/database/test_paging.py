"""Pages newest first: no line twice, none left out, and an end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from backend.database.engine import Database
from backend.database.paging import page_before
from backend.organisation.tables import audit

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "pages"), [(0, [[]]), (2, [["1", "0"]]), (5, [["4", "3"], ["2", "1"], ["0"]])]
)
async def test_pages_follow_each_other_to_the_end(
    database_url: str, lines: int, pages: list[list[str]]
) -> None:
    database = Database(database_url)
    if lines:
        async with database.write() as connection:
            values = [{"at": NOW, "action": "looked", "subject": str(n)} for n in range(lines)]
            await connection.execute(insert(audit), values)
    query = select(audit.c.id, audit.c.subject)
    found: list[list[str]] = []
    before: int | None = None
    async with database.read() as connection:
        while not found or before is not None:
            rows, before = await page_before(connection, query, audit.c.id, before, 2)
            found.append([row.subject for row in rows])
    await database.close()
    assert found == pages
