"""The whole way over Debian's Kannel: a citizen's SMS in, our answer out, its receipt back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from ports_in_memory import FakeClock, RecordingGateway

from backend.ports import (
    Account,
    Channel,
    ChannelDependencies,
    Outbound,
    ReceiptState,
    Rejected,
    Retry,
    Sent,
)
from channels.sms import create
from tests.channels.sms.kannel_process import KannelProcess, real_kannel

__all__ = ["real_kannel"]

pytestmark = pytest.mark.xdist_group("kannel")

CITIZEN = "13800000001"


@pytest.fixture
async def channel(real_kannel: KannelProcess, deps: ChannelDependencies) -> AsyncIterator[Channel]:
    channel = create(Account("sms", "sms", real_kannel.account_options()), deps)
    app = web.Application()
    app.add_routes(channel.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", real_kannel.callback_port).start()
    await channel.start()
    yield channel
    await channel.close()
    await runner.cleanup()


async def until(ready: Callable[[], bool], seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not ready():
            await asyncio.sleep(0.02)


async def test_a_citizens_sms_is_answered_and_the_receipt_comes_back(
    real_kannel: KannelProcess, channel: Channel, gateway: RecordingGateway
) -> None:
    before = len(real_kannel.delivered())
    text = "锦绣小区3号楼下水道堵了😀一个月没人管\n请来看看"
    await asyncio.to_thread(real_kannel.inject, f"+86{CITIZEN}", "1069000112", text)
    await until(lambda: len(gateway.inbounds) == 1)
    (inbound,) = gateway.inbounds
    assert (inbound.address, inbound.text) == (CITIZEN, text)
    assert inbound.sent_at is not None
    assert b"X-Kannel-To: 1069000112" in inbound.raw

    sent = await channel.send(Outbound(71, inbound.address, "您好😀，编号20261123-0007-3"))
    assert sent == Sent()
    delivered = await asyncio.to_thread(real_kannel.wait_delivered, before + 1)
    assert delivered[before:] == [(real_kannel.sender, CITIZEN, "您好😀，编号20261123-0007-3", 1)]
    await until(lambda: len(gateway.receipts) == 2)
    assert {(r.outbox_id, r.account) for r in gateway.receipts} == {(71, "sms")}
    states = {receipt.state for receipt in gateway.receipts}
    assert states == {ReceiptState.BUFFERED, ReceiptState.DELIVERED}


async def test_no_answer_of_kannels_own_reaches_the_citizen(
    real_kannel: KannelProcess, channel: Channel, gateway: RecordingGateway
) -> None:
    before = len(real_kannel.delivered())
    await asyncio.to_thread(real_kannel.inject, CITIZEN, "10690001", "在吗")
    await until(lambda: len(gateway.inbounds) == 1)
    # what we send afterwards comes first and alone: Kannel keeps order
    await channel.send(Outbound(72, CITIZEN, "在的"))
    delivered = await asyncio.to_thread(real_kannel.wait_delivered, before + 1)
    assert [message.text for message in delivered[before:]] == ["在的"]


async def test_kannel_tries_again_until_the_message_is_durable(
    real_kannel: KannelProcess, channel: Channel, gateway: RecordingGateway
) -> None:
    refusals = 0
    accept = gateway.accept

    async def refuse_twice(*args: object, **kwargs: object) -> object:
        nonlocal refusals
        refusals += 1
        gateway.unavailable = refusals <= 2
        return await accept(*args, **kwargs)  # type: ignore[arg-type]

    gateway.accept = refuse_twice  # type: ignore[method-assign,assignment]
    await asyncio.to_thread(real_kannel.inject, CITIZEN, "10690001", "路灯坏了")
    await until(lambda: len(gateway.inbounds) == 1)
    assert refusals == 3


async def test_long_messages_arrive_whole_both_ways(
    real_kannel: KannelProcess, channel: Channel, gateway: RecordingGateway
) -> None:
    before = len(real_kannel.delivered())
    halves = ("the street lamp of our village " * 4, "has been dark for a month")
    for number in (2, 1):  # out of order, as operators do
        header = f"%05%00%03%5C%02%0{number}"
        line = f"{CITIZEN} 10690001 udh-text {header} {halves[number - 1]}"
        await asyncio.to_thread(real_kannel.inject_line, line)
    await until(lambda: len(gateway.inbounds) == 1)
    assert gateway.inbounds[0].text == "".join(halves)

    long_mt = "长" * 66 + "😀" + "文" * 900
    assert await channel.send(Outbound(73, CITIZEN, long_mt)) == Sent()
    (message,) = (await asyncio.to_thread(real_kannel.wait_delivered, before + 1))[before:]
    # the pair that Kannel would have cut stands whole at the head of the second part
    assert message.text == "长" * 66 + " 😀" + "文" * 900
    assert message.parts == 15


async def test_gsm_text_costs_one_part_of_160(real_kannel: KannelProcess, channel: Channel) -> None:
    before = len(real_kannel.delivered())
    text = "a" * 158 + "€"
    assert await channel.send(Outbound(74, CITIZEN, text)) == Sent()
    (message,) = (await asyncio.to_thread(real_kannel.wait_delivered, before + 1))[before:]
    assert (message.text, message.parts) == (text, 1)


async def test_kannels_refusals_are_told_apart(
    real_kannel: KannelProcess, deps: ChannelDependencies, clock: FakeClock
) -> None:
    options = real_kannel.account_options()
    right = create(Account("sms", "sms", options), deps)
    wrong = create(Account("sms", "sms", options | {"password": "wrong"}), deps)
    for channel in (right, wrong):
        await channel.start()
    assert isinstance(await right.send(Outbound(75, "abc", "您好")), Rejected)
    assert isinstance(await wrong.send(Outbound(76, CITIZEN, "您好")), Retry)
    assert (await right.health())["ok"] is True
    health = await wrong.health()
    assert (health["ok"], "password" in health["detail"]) == (False, True)
    for channel in (right, wrong):
        await channel.close()
