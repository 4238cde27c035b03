"""CMPP between a gateway and the real inbox and outbox: rows end as what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.clock import SystemClock
from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.sender import Sender
from backend.conversation.spool import Spool
from backend.conversation.tables import message
from backend.conversation.tables import outbox as table
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.organisation.tables import account, org
from backend.ports import Account, ChannelDependencies
from backend.shared_store import SharedValues
from channels.sms.cmpp.channel import CmppChannel
from channels.sms.cmpp.pdus import Deliver
from channels.sms.testing import FakeIsmg

CITIZEN = "13800138000"
LONG = "您的问题已转到镇里，编号20261123-0007-3。" * 8


@dataclass
class Line:
    """The account `line` of a running gateway process."""

    ismg: FakeIsmg
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


@pytest.fixture
async def line(database_url: str, tmp_path: Path) -> AsyncIterator[Line]:
    database, clock, ismg = Database(database_url), SystemClock(), FakeIsmg()
    async with database.write() as connection:
        office = {"code": "county", "name": "青禾县", "type": "county", "path": "/1/"}
        added = await connection.execute(
            org.insert().values(**office, active=True).returning(org.c.id)
        )
        await connection.execute(
            account.insert().values(name="line", channel="sms", org_id=added.scalar_one(), note="")
        )
    await ismg.start()
    inbox = Inbox(database, Spool(tmp_path / "spool"), clock, lambda _: None)
    gateway = ConversationGateway(database, inbox, Waiters(database), clock, "me")
    deps = ChannelDependencies(gateway, SharedValues(None), clock, folder=tmp_path)
    options: dict[str, Any] = {**ismg.options(), "answer_seconds": 0.3}
    options.pop("provider")
    channel = CmppChannel(Account("line", "sms", options), deps)
    sender = Sender(database, clock, "me", {"line": channel}, poll_seconds=0.05)
    await inbox.start()
    await channel.start()
    async with database.read() as connection:
        await sender.start(await load_accounts(connection))
    await ismg.until(lambda: any(each.open for each in ismg.sessions))
    yield Line(ismg, database, sender)
    await sender.close()
    await channel.close()
    await inbox.close()
    await ismg.stop()
    await database.close()


@pytest.mark.parametrize("report_first", [False, True])
@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_delivered(line: Line, text: str, report_first: bool) -> None:
    line.ismg.traps.report_first, line.ismg.traps.reports = report_first, 2
    row = await line.queue(text)
    await line.becomes(row, "delivered")


async def test_a_report_of_one_part_leaves_the_row_sent(line: Line) -> None:
    line.ismg.traps.only_part = 1
    row = await line.queue(LONG)
    await line.becomes(row, "sent")
    await line.ismg.reported()
    assert await line.state(row) == ("sent", None)


@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_failed_with_the_gateways_word(line: Line, text: str) -> None:
    line.ismg.traps.stat = "MA:0054"
    row = await line.queue(text)
    await line.becomes(row, "failed")
    await line.ismg.reported()
    assert await line.state(row) == ("failed", "MA:0054")


async def test_unknown_until_a_report_says_more(line: Line) -> None:
    line.ismg.traps.hold_answers = True
    row = await line.queue("您好")
    await line.becomes(row, "unknown")
    msg_id = await line.ismg.release()
    await line.ismg.report(msg_id)
    await line.becomes(row, "delivered")
    assert len(line.ismg.submits) == 1


async def test_refused(line: Line) -> None:
    line.ismg.traps.result = 13
    row = await line.queue("您好")
    await line.becomes(row, "failed")
    assert await line.state(row) == ("failed", "wrong destination")


async def test_a_message_is_answered_when_it_is_in_the_inbox_and_once_there(line: Line) -> None:
    deliver = Deliver(
        msg_id=9001,
        dest_id="10690000880012",
        msg_fmt=8,
        src_terminal_id=CITIZEN,
        content="第二题选2".encode("utf-16-be"),
    )
    for _ in range(2):
        answer = await line.ismg.deliver(deliver, sequence=5)
        assert answer is not None
        assert answer.result == 0
        async with line.database.read() as connection:
            found = (await connection.execute(select(message.c.text, message.c.detail))).all()
        assert [tuple(row) for row in found] == [("第二题选2", {"extension": "0012"})]


async def test_many_at_once_in_both_directions(line: Line) -> None:
    rows = [await line.queue(f"第{number}条") for number in range(30)]
    await asyncio.gather(*(line.ismg.text(CITIZEN, f"第{number}句") for number in range(30)))
    for row in rows:
        await line.becomes(row, "delivered")
    async with line.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(message)) == 30
