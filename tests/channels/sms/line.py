"""An account between a fake gateway and the real inbox and outbox, as in a gateway process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.clock import SystemClock
from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.sender import Sender
from backend.conversation.spool import Spool
from backend.conversation.tables import outbox as table
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.organisation.tables import account, org
from backend.ports import Account, ChannelDependencies
from backend.shared_store import SharedValues
from channels.sms import create

CITIZEN = "13800138000"


@dataclass
class Line:
    """The account `line`."""

    database: Database
    sender: Sender

    async def queue(self, text: str) -> int:
        now = SystemClock().now()
        async with self.database.write() as connection:
            row = (await load_accounts(connection))["line"]
            (who,) = (await find_or_open(connection, [(row, CITIZEN)], now)).values()
            queued = await outbox.queue(
                connection,
                dedupe_key=text[:40],
                text=text,
                due_at=now,
                account_id=row.id,
                address_id=who.id,
                citizen_id=who.citizen_id,
                lane="reply",
                key="test",
                created_at=now,
            )
        assert queued is not None
        self.sender.wake()
        return queued

    async def state(self, outbox_id: int) -> tuple[str, str | None]:
        async with self.database.read() as connection:
            found = await connection.execute(
                select(table.c.state, table.c.error).where(table.c.id == outbox_id)
            )
            state, error = found.one()
        return state, error

    async def becomes(self, outbox_id: int, state: str) -> None:
        async with asyncio.timeout(10):
            while (await self.state(outbox_id))[0] != state:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    database_url: str, folder: Path, options: dict[str, Any], connected: Callable[[], Any]
) -> AsyncIterator[Line]:
    """`options` of the account; `connected` waits for its session at the gateway."""
    database, clock = Database(database_url), SystemClock()
    async with database.write() as connection:
        office = {"code": "county", "name": "青禾县", "type": "county", "path": "/1/"}
        added = await connection.execute(
            org.insert().values(**office, active=True).returning(org.c.id)
        )
        await connection.execute(
            account.insert().values(name="line", channel="sms", org_id=added.scalar_one(), note="")
        )
    inbox = Inbox(database, Spool(folder / "spool"), clock, lambda _: None)
    gateway = ConversationGateway(database, inbox, Waiters(database), clock, "me")
    deps = ChannelDependencies(gateway, SharedValues(None), clock, folder=folder)
    channel = create(Account("line", "sms", options), deps)
    sender = Sender(database, clock, "me", {"line": channel}, poll_seconds=0.05)
    await inbox.start()
    await channel.start()
    async with database.read() as connection:
        await sender.start(await load_accounts(connection))
    await connected()
    yield Line(database, sender)
    await sender.close()
    await channel.close()
    await inbox.close()
    await database.close()
