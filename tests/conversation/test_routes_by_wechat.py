"""Outbox, sender and gateway with the real WeChat channel, on a platform that keeps its quotas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web

from backend.clock import SystemClock
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.sender import Sender
from backend.conversation.spool import Spool
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from backend.ports import Account, Channel, ChannelDependencies, Outbound, SendResult, Sent
from backend.shared_store import SharedValues
from channels.wechat import create
from channels.wechat.testing import FakePlatform, Wechat
from tests.conversation.petition_desk import PHONE, Desk

OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"


class Line:
    """An SMS account that takes everything."""

    idempotent = False

    def __init__(self) -> None:
        self.sent: list[Outbound] = []

    async def send(self, message: Outbound) -> SendResult:
        self.sent.append(message)
        return Sent(f"sms-{message.outbox_id}")


class Place:
    """The citizen's WeChat, their petition, and the phone line."""

    def __init__(
        self,
        platform: FakePlatform,
        wechat: Wechat,
        desk: Desk,
        line: Line,
        gateway: ConversationGateway,
    ) -> None:
        self.platform, self.wechat, self.desk, self.line = platform, wechat, desk, line
        self.gateway = gateway

    async def told(self, *expected: tuple[str, str | None]) -> None:
        """Officials come to see these states and ways."""
        await until(lambda: self.desk.told(), list(expected))


async def until(now: Callable[[], Awaitable[object]], wanted: object) -> None:
    seen: object = None
    try:
        async with asyncio.timeout(20):
            while (seen := await now()) != wanted:
                await asyncio.sleep(0.02)
    except TimeoutError:
        assert seen == wanted


@pytest.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[Place]:
    clock = SystemClock()
    platform, line = FakePlatform(enforce_windows=True), Line()
    platform.notices.templates["TPL"] = {"character_string1", "thing2"}
    async with AsyncExitStack() as stack:
        await platform.start()
        stack.push_async_callback(platform.stop)
        inbox = Inbox(database, Spool(tmp_path), clock, lambda _: None)
        await inbox.start()
        stack.push_async_callback(inbox.close)
        gateway = ConversationGateway(database, inbox, Waiters(database), clock, "me")
        channel = create(
            Account(
                "town",
                "wechat",
                {
                    "token": "word",
                    "app_id": platform.app_id,
                    "app_secret": platform.app_secret,
                    "api_base_url": platform.base_url,
                    "reply_wait_seconds": 0,
                    "template_id": "TPL",
                    "template_fields": {"character_string1": "number", "thing2": "title"},
                },
            ),
            ChannelDependencies(
                gateway, SharedValues(None), clock, public_url="https://xiangyin.example"
            ),
        )
        await channel.start()
        stack.push_async_callback(channel.close)
        app = web.Application()
        app.add_routes(channel.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/channels/wechat/town"
        desk = Desk(database, clock, OPENID)
        await desk.open()
        sender = Sender(
            database, clock, "me", {"town": channel, "line": cast(Channel, line)}, poll_seconds=0.05
        )
        await sender.start(desk.accounts)
        stack.push_async_callback(sender.close)
        yield Place(platform, Wechat(platform, url, "word"), desk, line, gateway)


async def test_from_the_fifth_push_to_a_notice_that_fails_and_the_phone(place: Place) -> None:
    await place.wechat.post_message(OPENID, "路灯坏了")
    for number in range(5):
        await place.desk.queue(f"第{number}条")
    await place.told(*[("sent", None)] * 5)
    await place.desk.queue("第六条")
    await place.told(*[("sent", None)] * 5, ("kept", "template"))
    (notice,) = place.platform.notices.sent
    assert notice.link == "https://xiangyin.example/me/town/petitions/20261123-0007-3"
    await place.desk.link_phone()
    await place.wechat.report_notice(notice, "failed:user block")
    await place.told(*[("sent", None)] * 5, ("sent", "sms"))
    assert [(one.address, one.text) for one in place.line.sent] == [(PHONE, "第六条")]
    assert [pushed.text for pushed in place.platform.pushed] == [f"第{n}条" for n in range(5)]
    assert place.platform.refusals == []


async def test_who_never_wrote_is_noticed_and_who_left_is_not_asked_for(place: Place) -> None:
    await place.desk.queue("第一条")
    await place.told(("kept", None))
    assert place.platform.refusals == [43004]
    place.platform.refusals.clear()
    await place.wechat.follow(OPENID)
    await place.desk.queue("第二条")
    await place.told(("kept", None), ("sent", None))
    await place.wechat.unfollow(OPENID)
    place.platform.followers.add(OPENID)
    await place.desk.queue("第三条")
    await place.told(("kept", None), ("sent", None), ("kept", None))
    assert place.platform.refusals == []


async def test_a_long_answer_is_split_counted_and_not_repeated(place: Place) -> None:
    text = "镇里已经安排人员到现场查看。" * 320  # seven parts
    await place.wechat.post_message(OPENID, "路灯坏了")
    await place.desk.queue(text)
    await place.told(("kept", "template"))
    assert len(place.platform.pushed) == 5
    began = "".join(pushed.text for pushed in place.platform.pushed)
    assert text.startswith(began)
    (row,) = [await place.desk.row(1)]
    assert (row.told, row.pushes) == (len(began), 5)


async def test_permissions_are_kept(place: Place) -> None:
    await place.wechat.answer_popup(OPENID, T="accept", U="accept", V="reject")
    await place.wechat.switch_off(OPENID, "U")
    found = [await place.gateway.permitted("town", OPENID, each) for each in ("T", "U", "V")]
    assert found == [1, 0, 0]
