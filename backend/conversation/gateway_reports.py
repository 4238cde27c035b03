"""How the channels are, told by the processes that hold them: a process with another role has never
started its own, and would show an operator its own ignorance."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from backend.conversation.tables import gateway_report
from backend.database.engine import Database
from backend.ports import Clock

# Some channels ask their provider each time.
EVERY_SECONDS = 30.0
WRITE_SECONDS = 10.0
# A process that has not reported for so long is no longer there.
RECENT = timedelta(seconds=120)
NOBODY = "没有负责收发的进程（role = gateway）在报告；公众发来的消息现在收不到。"

Facts = Mapping[str, Any]
_c = gateway_report.c


class GatewayReports:
    """Writes what `facts` says every few seconds, under the name `process`; `run` never ends."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        process: str,
        facts: Callable[[], Awaitable[Facts]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._process = process
        self._facts = facts

    async def run(self) -> None:
        while True:
            await self.write()
            await self._clock.sleep(EVERY_SECONDS)

    async def write(self) -> None:
        facts = await self._facts()
        now = self._clock.now()
        gone = (_c.process == self._process) | (_c.at < now - RECENT)
        async with asyncio.timeout(WRITE_SECONDS), self._database.write() as connection:
            await connection.execute(delete(gateway_report).where(gone))
            await connection.execute(
                gateway_report.insert().values(process=self._process, at=now, facts=dict(facts))
            )


async def reported(database: Database, accounts: Iterable[str], now: datetime) -> dict[str, Any]:
    """`channels` by account and `spooling`, as the processes that are there last told them."""
    async with database.glance() as connection:
        rows = await connection.execute(
            select(_c.facts).where(_c.at >= now - RECENT).order_by(_c.at)
        )
        told = [row.facts for row in rows]
    return {
        "channels": {account: _of_account(account, told) for account in accounts},
        "spooling": any(each["spooling"] for each in told),
    }


def _of_account(account: str, told: Iterable[Facts]) -> Facts:
    """The newest of what the processes say of it; of what is wrong, where anything is."""
    said: list[Facts] = [each["channels"][account] for each in told if account in each["channels"]]
    if not said:
        return {"ok": False, "detail": NOBODY}
    wrong = [one for one in said if not one["ok"]]
    return (wrong or said)[-1]
