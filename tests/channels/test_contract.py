"""Every channel is held to the same contract; see contract.py for how a channel joins."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from contract import ChannelAdapter, Fault, Serve, adapters, is_send_result
from ports_in_memory import FakeClock, RecordingGateway

from backend.ports import (
    Account,
    Channel,
    ChannelDependencies,
    MediaRef,
    MediaUnavailable,
    MessageKind,
    Outbound,
    Sent,
)

TEXTS = [
    "锦绣小区3号楼下水道堵了一个月没人管",
    "路灯坏了👴😀 <&> ]]> \"'",
    "a",
    "第一行\n第二行",
]
LONG_TEXT = "您反映的问题已经转到镇里,工作人员会在两个工作日内与您联系。" * 25


@pytest.fixture(params=adapters(), ids=lambda adapter: adapter.channel)
async def adapter(
    request: pytest.FixtureRequest, clock: FakeClock
) -> AsyncIterator[ChannelAdapter]:
    adapter: ChannelAdapter = request.param(clock)
    await adapter.open()
    yield adapter
    await adapter.close()


@pytest.fixture
def channel(adapter: ChannelAdapter, deps: ChannelDependencies) -> Channel:
    return adapter.create(adapter.account(), deps)


def test_routes_are_under_the_accounts_own_path(adapter: ChannelAdapter, channel: Channel) -> None:
    prefix = f"/channels/{adapter.channel}/{adapter.account().name}"
    for route in channel.routes():
        assert route.path == prefix or route.path.startswith(prefix + "/")


def test_idempotent_is_said(channel: Channel) -> None:
    assert channel.idempotent in (True, False)


def test_a_missing_option_is_named(adapter: ChannelAdapter, deps: ChannelDependencies) -> None:
    account = adapter.account()
    for option in adapter.required_options:
        rest = {k: v for k, v in account.options.items() if k != option}
        with pytest.raises(ValueError, match=option):
            adapter.create(Account(account.name, account.channel, rest), deps)


async def test_starts_and_closes_while_the_provider_is_down(
    adapter: ChannelAdapter, deps: ChannelDependencies
) -> None:
    channel = adapter.create(adapter.account(), deps)
    await adapter.close()
    async with asyncio.timeout(5):
        await channel.start()
        await channel.close()
    await adapter.open()


@pytest.mark.parametrize("text", TEXTS)
async def test_a_message_comes_in_once_and_whole(
    adapter: ChannelAdapter,
    channel: Channel,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
    text: str,
) -> None:
    base = await serve(channel)
    status = await adapter.deliver(http, base, adapter.inbound(text, message="1"))
    assert 200 <= status < 300
    (inbound,) = gateway.inbounds
    assert inbound.channel == adapter.channel
    assert inbound.account == adapter.account().name
    assert inbound.address == adapter.address
    assert inbound.kind is MessageKind.TEXT
    assert inbound.text == text
    assert inbound.external_id
    assert inbound.raw
    assert inbound.sent_at is None or inbound.sent_at.tzinfo is not None


async def test_a_retry_bears_the_same_id_and_another_message_another(
    adapter: ChannelAdapter,
    channel: Channel,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
) -> None:
    base = await serve(channel)
    for message in ("1", "1", "2", "1"):
        await adapter.deliver(http, base, adapter.inbound("同样的话", message=message))
    assert len(gateway.inbounds) == 2
    assert len({inbound.external_id for inbound in gateway.inbounds}) == 2
    assert [duplicate for _, _, duplicate in gateway.accepts] == [False, True, False, True]


async def test_nothing_is_acknowledged_that_is_not_stored(
    adapter: ChannelAdapter,
    channel: Channel,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
) -> None:
    base = await serve(channel)
    gateway.unavailable = True
    status = await adapter.deliver(http, base, adapter.inbound("水管爆了", message="1"))
    assert status == 0 or status >= 500
    gateway.unavailable = False
    assert 200 <= await adapter.deliver(http, base, adapter.inbound("水管爆了", message="1")) < 300
    assert len(gateway.inbounds) == 1


async def test_bad_requests_are_refused_and_store_nothing(
    adapter: ChannelAdapter,
    channel: Channel,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
) -> None:
    base = await serve(channel)
    for request in [*adapter.forged(), *adapter.malformed(), *adapter.oversized()]:
        status = await adapter.deliver(http, base, request)
        assert 400 <= status < 500, f"{status} for {request.method} {request.path[:80]}"
    assert gateway.accepts == []


@pytest.mark.parametrize("text", [*TEXTS, LONG_TEXT], ids=["zh", "marks", "short", "lines", "long"])
async def test_a_message_goes_out_whole(
    adapter: ChannelAdapter, channel: Channel, serve: Serve, text: str
) -> None:
    await serve(channel)
    result = await channel.send(Outbound(outbox_id=1, address=adapter.address, text=text))
    assert isinstance(result, Sent)
    sent = await adapter.sent()
    assert {address for address, _ in sent} == {adapter.address}
    assert "".join("".join(part for _, part in sent).split()) == "".join(text.split())


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.name)
async def test_a_failure_is_told_by_the_result(
    adapter: ChannelAdapter, channel: Channel, serve: Serve, fault: Fault
) -> None:
    if fault not in adapter.faults:
        pytest.skip(f"{adapter.channel}: its provider cannot fail this way")
    await serve(channel)
    await adapter.set_fault(fault)
    async with asyncio.timeout(20):
        result = await channel.send(Outbound(outbox_id=1, address=adapter.address, text="您好"))
    assert is_send_result(result)
    assert isinstance(result, adapter.outcome(fault, idempotent=channel.idempotent))


async def test_health_is_plain_and_holds_no_secret(
    adapter: ChannelAdapter, channel: Channel, serve: Serve
) -> None:
    await serve(channel)
    health = await channel.health()
    assert health["ok"] is True
    assert isinstance(health["detail"], str)
    assert health["detail"]
    shown = json.dumps(health, ensure_ascii=False)
    for secret in adapter.secrets:
        assert secret not in shown


async def test_health_tells_of_a_provider_that_is_down(
    adapter: ChannelAdapter, channel: Channel, serve: Serve
) -> None:
    if Fault.DOWN not in adapter.faults:
        pytest.skip(f"{adapter.channel}: has no provider that can be down")
    await serve(channel)
    await adapter.set_fault(Fault.DOWN)
    await channel.send(Outbound(outbox_id=1, address=adapter.address, text="您好"))
    async with asyncio.timeout(20):
        health = await channel.health()
    assert health["ok"] is False
    assert health["detail"]


async def test_unknown_media_is_unavailable(
    adapter: ChannelAdapter, channel: Channel, serve: Serve
) -> None:
    await serve(channel)
    with pytest.raises(MediaUnavailable) as caught:
        await channel.fetch_media(MediaRef(MessageKind.IMAGE, "no-such-medium"))
    assert caught.value.permanent in (True, False)


async def test_logs_hold_nothing_personal(
    adapter: ChannelAdapter,
    channel: Channel,
    gateway: RecordingGateway,
    serve: Serve,
    http: ClientSession,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    base = await serve(channel)
    await adapter.deliver(http, base, adapter.inbound("我家的秘密", message="1"))
    await channel.send(Outbound(outbox_id=1, address=adapter.address, text="给您的答复"))
    for request in [*adapter.forged(), *adapter.malformed(), *adapter.oversized()]:
        await adapter.deliver(http, base, request)
    for fault in adapter.faults:
        if fault is not Fault.HANGS:
            await adapter.set_fault(fault)
            await channel.send(Outbound(outbox_id=2, address=adapter.address, text="给您的答复"))
    captured = capsys.readouterr()
    # aiohttp itself quotes request lines it cannot parse; what the app does about that logger is
    # the app's affair, here it is the channel's own lines that count.
    own = [r.getMessage() for r in caplog.records if not r.name.startswith("aiohttp")]
    logged = "\n".join(own) + captured.out + captured.err
    for private in ["我家的秘密", "给您的答复", adapter.address, *adapter.secrets]:
        assert private not in logged
