"""Cloud gateways and the real outbox: rows end as what became of them, and one gateway stands in
for the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from sqlalchemy import select

from backend.clock import SystemClock
from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.carriers import Carriers, Member
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.sender import Sender
from backend.conversation.spool import Spool
from backend.conversation.tables import message, notice
from backend.conversation.tables import outbox as table
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.organisation.tables import account, org
from backend.ports import Account, Channel, ChannelDependencies
from backend.shared_store import SharedValues
from channels.sms import create
from channels.sms.testing import FakeAliyun, FakeTencent
from channels.sms.testing.cloud import KEY, TakenMessage

CITIZEN = "13800138000"
LONG = "您的问题已转到镇里。" * 250
MEMBERS = {"aliyun": Member("both", 50), "tencent": Member("both", 50)}


def link(outbox_id: int) -> str:
    return f"https://xy.example/me/m/{outbox_id}-0"


@dataclass
class Town:
    """A running gateway process with an account at each of two gateways, one pool."""

    database: Database
    aliyun: FakeAliyun = field(default_factory=FakeAliyun)
    tencent: FakeTencent = field(default_factory=FakeTencent)
    url: str = ""

    async def queue(self, text: str, *, key: str = "test") -> int:
        now = SystemClock().now()
        async with self.database.write() as connection:
            row = (await load_accounts(connection))["aliyun"]
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
                key=key,
                created_at=now,
            )
        assert queued is not None
        return queued

    async def becomes(self, outbox_id: int, state: str, by: str) -> None:
        wanted = (state, by)
        async with asyncio.timeout(10):
            while wanted != await self._row(outbox_id):
                await asyncio.sleep(0.01)

    async def _row(self, outbox_id: int) -> tuple[str, str]:
        async with self.database.read() as connection:
            found = await connection.execute(
                select(table.c.state, account.c.name)
                .join(account, account.c.id == table.c.account_id)
                .where(table.c.id == outbox_id)
            )
            state, name = found.one()
        return state, name

    async def post(self, name: str, callback: str, body: bytes) -> int:
        url = f"{self.url}/channels/sms/{name}/{callback}/{KEY}"
        async with ClientSession() as http, http.post(url, data=body) as answer:
            return answer.status

    async def report(self, taken: TakenMessage, *, success: bool = True) -> None:
        body = self.aliyun.report(taken, success=success)
        assert await self.post("aliyun", "report", body) == 200


@pytest.fixture
async def town(database_url: str, tmp_path: Path) -> AsyncIterator[Town]:
    """The draw is always 0: while all is well the first account, Aliyun's, carries everything."""
    running, clock = Town(Database(database_url)), SystemClock()
    database = running.database
    async with database.write() as connection:
        office = {"code": "county", "name": "青禾县", "type": "county", "path": "/1/"}
        added = await connection.execute(
            org.insert().values(**office, active=True).returning(org.c.id)
        )
        org_id = added.scalar_one()
        for name in MEMBERS:
            row = {"name": name, "channel": "sms", "org_id": org_id, "note": "", "pool": "both"}
            await connection.execute(account.insert().values(**row))
    await running.aliyun.open()
    await running.tencent.open()
    inbox = Inbox(database, Spool(tmp_path / "spool"), clock, lambda _: None)
    gateway = ConversationGateway(database, inbox, Waiters(database), clock, "me")
    deps = ChannelDependencies(gateway, SharedValues(None), clock, folder=tmp_path)
    channels: dict[str, Channel] = {
        "aliyun": create(Account("aliyun", "sms", running.aliyun.options()), deps),
        "tencent": create(Account("tencent", "sms", running.tencent.options()), deps),
    }
    carriers = Carriers(database, clock, MEMBERS, lambda: 0.0)
    sender = Sender(
        database, clock, "me", channels, poll_seconds=0.05, carriers=carriers, link=link
    )
    app = web.Application()
    await inbox.start()
    for channel in channels.values():
        app.add_routes(channel.routes())
        await channel.start()
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    running.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with database.read() as connection:
        await sender.start(await load_accounts(connection))
    yield running
    await sender.close()
    await runner.cleanup()
    for channel in channels.values():
        await channel.close()
    await inbox.close()
    await running.aliyun.close()
    await running.tencent.close()
    await database.close()


async def test_what_is_told_whole_is_delivered(town: Town) -> None:
    queued = await town.queue("您好，路灯修好了。")
    await town.becomes(queued, "sent", "aliyun")
    await town.report(town.aliyun.taken[0])
    await town.becomes(queued, "delivered", "aliyun")


async def test_a_code_goes_into_the_template_for_codes(town: Town) -> None:
    queued = await town.queue("验证码是 042319，10分钟内有效。", key="link_code")
    await town.becomes(queued, "sent", "aliyun")
    assert town.aliyun.taken[0].values == ("042319",)


async def test_a_report_tells_what_became_of_a_message_whose_answer_was_lost(town: Town) -> None:
    town.aliyun.drops = True
    queued = await town.queue("您好，路灯修好了。")
    await town.becomes(queued, "unknown", "aliyun")
    assert not town.tencent.taken  # it may have left: nobody is told twice
    await town.report(town.aliyun.taken[0])
    await town.becomes(queued, "delivered", "aliyun")


@pytest.mark.parametrize("code", ["isv.AMOUNT_NOT_ENOUGH", "isv.BUSINESS_LIMIT_CONTROL"])
async def test_what_one_gateway_does_not_take_goes_by_the_other(town: Town, code: str) -> None:
    town.aliyun.code = code
    queued = await town.queue("您好，路灯修好了。")
    await town.becomes(queued, "sent", "tencent")
    body = town.tencent.report(town.tencent.taken[0])
    assert await town.post("tencent", "report", body) == 200
    await town.becomes(queued, "delivered", "tencent")


async def test_with_one_gateway_away_all_go_by_the_other(town: Town) -> None:
    await town.aliyun.close()
    for number in range(5):
        queued = await town.queue(f"第{number}条")
        await town.becomes(queued, "sent", "tencent")
    assert len(town.tencent.taken) == 5


async def test_what_citizens_send_to_either_is_one_persons(town: Town) -> None:
    for name, gateway in (("aliyun", town.aliyun), ("tencent", town.tencent)):
        assert await town.post(name, "mo", gateway.mo(CITIZEN, "路灯坏了", "1")) == 200
        assert await town.post(name, "mo", gateway.mo(CITIZEN, "路灯坏了", "1")) == 200
    async with town.database.read() as connection:
        found = (await connection.execute(select(message.c.citizen_id))).scalars().all()
    assert len(found) == 2
    assert len(set(found)) == 1


async def test_a_notice_that_was_delivered_is_no_message_delivered(town: Town) -> None:
    """The words themselves wait for the citizen, who opens the link or comes again."""
    queued = await town.queue(LONG)
    await town.becomes(queued, "kept", "aliyun")
    assert town.aliyun.taken[0].values == (f"{queued}-0",)
    await town.report(town.aliyun.taken[0])
    await town.becomes(queued, "kept", "aliyun")
    async with town.database.read() as connection:
        assert await connection.scalar(select(notice.c.state)) == "delivered"
        assert await connection.scalar(select(table.c.error)) is None


async def test_a_notice_that_was_not_delivered_is_tried_by_no_third_way(town: Town) -> None:
    """Each gateway could but send the same notice again: it waits, and nobody is told twice."""
    queued = await town.queue(LONG)
    await town.becomes(queued, "kept", "aliyun")
    await town.report(town.aliyun.taken[0], success=False)
    await town.becomes(queued, "kept", "tencent")
    assert not town.tencent.taken
    async with town.database.read() as connection:
        assert await connection.scalar(select(notice.c.error)) == "MK:0001 空号"
