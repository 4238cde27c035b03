"""A migrated database with one office and two accounts, and a clock the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from backend.database.engine import Database
from backend.organisation.tables import account, org


class HandClock:
    """Time stands still until the test moves it; sleeping returns at once."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """SQLite and PostgreSQL, with the accounts `town` (wechat) and `line` (sms)."""
    opened = Database(database_url)
    await add_accounts(opened)
    yield opened
    await opened.close()


async def add_accounts(database: Database) -> None:
    """One office, and the accounts `town` (wechat) and `line` (sms)."""
    async with database.write() as connection:
        org_id = (
            await connection.execute(
                org.insert()
                .values(code="county", name="青禾县", type="county", path="/1/", active=True)
                .returning(org.c.id)
            )
        ).scalar_one()
        for name, channel in (("town", "wechat"), ("line", "sms")):
            await connection.execute(
                account.insert().values(name=name, channel=channel, org_id=org_id, note="")
            )
