"""Logging in, staying alive, leaving, and what the operator is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ports_in_memory import RecordingGateway

from backend.ports import Account, ChannelDependencies, Outbound, Retry, Sent, Unknown
from channels.sms import create, providers
from channels.sms.smpp.options import read_options
from channels.sms.smpp.pdus import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSmResp,
)
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc import PASSWORD, SYSTEM_ID
from tests.channels.sms.smpp.conftest import Start

HELLO = Outbound(1, "13800138000", "您好")


def test_it_is_a_provider() -> None:
    assert "smpp" in providers()


async def test_a_session_is_told_with_its_window(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(window=4, system_type="VMA")
    assert smsc.binds == [BindTransceiver(SYSTEM_ID, PASSWORD, "VMA")]
    await channel.send(HELLO)
    health = await channel.health()
    assert (health["ok"], health["detail"]) == (True, "1 条连接在线")
    (session,) = health["sessions"]
    assert (session["state"], session["pending"], session["window"]) == ("在线", 0, 4)
    assert health["counts"]["sent"] == 1
    json.dumps(health)


async def test_a_connection_for_each_direction(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    smsc.traps.no_transceiver = True
    channel = await start(bind="separate", connected=2)
    assert {type(bind) for bind in smsc.binds} == {BindTransmitter, BindReceiver}
    assert isinstance(await channel.send(HELLO), Sent)
    assert await smsc.text("13800138000", "路灯坏了") == DeliverSmResp()
    await smsc.reported()
    assert [inbound.text for inbound in gateway.inbounds] == ["路灯坏了"]
    assert len(gateway.receipts) == 1
    by_bind = {type(session.bind): session.submits for session in smsc.open}
    assert by_bind == {BindTransmitter: 1, BindReceiver: 0}
    assert len((await channel.health())["sessions"]) == 2


async def test_one_direction_alone_is_not_well(smsc: FakeSmsc, start: Start) -> None:
    smsc.traps.most_connections = 1
    channel = await start(bind="separate")
    health = await channel.health()
    assert health["ok"] is False
    assert "connection_count" in health["detail"]
    assert sorted(session["state"] for session in health["sessions"]) == ["在线", "未连接"]


@pytest.mark.parametrize(
    ("status", "advice"),
    [(0x05, "connection_count"), (0x0D, "IP"), (0x0E, "password"), (0x0F, "system_id")],
)
@pytest.mark.parametrize("bare", [False, True])
async def test_a_refused_login_says_what_to_check(
    smsc: FakeSmsc, start: Start, status: int, advice: str, bare: bool
) -> None:
    smsc.traps.bind_status, smsc.traps.bare_answers = status, bare
    channel = await start(connected=0)
    health = await channel.health()
    assert health["ok"] is False
    assert advice in health["detail"]


async def test_a_wrong_password_is_refused(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(connected=0, password="another")
    assert "password" in (await channel.health())["detail"]


async def test_a_login_that_is_not_understood_is_refused_at_once(
    smsc: FakeSmsc, start: Start
) -> None:
    smsc.traps.no_transceiver = True
    channel = await start(connected=0)
    health = await channel.health()
    assert health["ok"] is False
    assert "separate" in health["detail"]


async def test_a_gateway_that_takes_connections_and_says_nothing(
    smsc: FakeSmsc, start: Start
) -> None:
    smsc.traps.deaf = True
    channel = await start(connected=0, connect_seconds=0.1, wait_seconds=0.2)
    assert (await channel.health())["ok"] is False
    assert isinstance(await channel.send(HELLO), Retry)


async def test_heartbeats(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(heartbeat_seconds=0.05)
    await smsc.until(lambda: smsc.heartbeats >= 3)
    assert isinstance(await channel.send(HELLO), Sent)
    assert len(smsc.binds) == 1


async def test_a_session_that_does_not_answer_is_left_for_a_new_one(
    smsc: FakeSmsc, start: Start
) -> None:
    smsc.traps.heartbeats = False
    await start(heartbeat_seconds=0.05, heartbeat_answer_seconds=0.05)
    await smsc.until(lambda: len(smsc.binds) >= 2)


async def test_the_gateway_may_be_down_at_first(smsc: FakeSmsc, start: Start) -> None:
    await smsc.stop()
    channel = await start(connected=0)
    assert (await channel.health())["ok"] is False
    sending = asyncio.create_task(channel.send(HELLO))
    await smsc.start()
    assert isinstance(await sending, Sent)
    assert (await channel.health())["ok"] is True


async def test_closing_waits_for_what_is_under_way_and_says_goodbye(
    smsc: FakeSmsc, start: Start
) -> None:
    channel = await start(answer_seconds=5)
    smsc.traps.hold_answers = True
    sending = asyncio.create_task(channel.send(HELLO))
    await smsc.until(lambda: len(smsc.submits) == 1)
    closing = asyncio.create_task(channel.close())
    await smsc.release()
    assert isinstance(await sending, Sent)
    await closing
    assert smsc.unbound == 1


async def test_closing_does_not_wait_for_ever(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(answer_seconds=60)
    smsc.traps.silent = True
    sending = asyncio.create_task(channel.send(HELLO))
    await smsc.until(lambda: len(smsc.submits) == 1)
    async with asyncio.timeout(4):
        await channel.close()
    assert isinstance(await sending, Unknown)


async def test_one_octet_at_a_time(smsc: FakeSmsc, start: Start) -> None:
    smsc.traps.bytewise = True
    channel = await start()
    assert isinstance(await channel.send(HELLO), Sent)


async def test_an_account_has_one_owner(smsc: FakeSmsc, start: Start) -> None:
    await start()
    second = await start(connected=0)
    health = await second.health()
    assert health["ok"] is False
    assert "另一个进程" in health["detail"]
    assert isinstance(await second.send(HELLO), Retry)


async def test_a_gateway_without_tls_is_not_spoken_to_in_clear(
    smsc: FakeSmsc, start: Start
) -> None:
    channel = await start(connected=0, tls=True, connect_seconds=0.5, wait_seconds=0.1)
    assert (await channel.health())["ok"] is False
    assert isinstance(await channel.send(HELLO), Retry)
    assert smsc.binds == []


OPTIONS = {"host": "10.0.0.5", "system_id": "county", "password": "s3", "sender": 1069000088}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"system_id": ""}, "system_id"),
        ({"password": "口令"}, "password"),
        ({"system_type": "x" * 13}, "system_type"),
        ({"service_type": "x" * 6}, "service_type"),
        ({"bind": "both"}, "bind"),
        ({"long_messages": "cut"}, "long_messages"),
        ({"default_alphabet": "ebcdic"}, "default_alphabet"),
        ({"receipt_ids": "octal"}, "receipt_ids"),
        ({"number_form": "e164"}, "number_form"),
        ({"dest_ton": 7}, "dest_ton"),
        ({"tls": "yes"}, "tls"),
        ({"port": 70000}, "port"),
        ({"colour": "red"}, "colour"),
        ({"signature": "一"}, "signature"),
    ],
)
def test_a_wrong_option_is_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_options(OPTIONS | changed)


def test_what_is_usual() -> None:
    options = read_options(OPTIONS | {"source_ton": "5", "tls": "true"})
    assert (options.port, options.window, options.source_ton) == (2775, 10, 5)
    assert options.tls is True
    assert read_options(OPTIONS | {"tls": "false"}).tls is False
    assert "s3" not in repr(options)


def test_without_a_folder_there_is_no_account(deps: ChannelDependencies) -> None:
    bare = ChannelDependencies(deps.gateway, deps.shared, deps.clock)
    with pytest.raises(ValueError, match="folder"):
        create(Account("county", "sms", {"provider": "smpp", **OPTIONS}), bare)
