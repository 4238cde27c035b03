"""Logging in, staying alive, leaving, and what the operator is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import uvloop
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway

from backend.ports import Account, ChannelDependencies, Outbound, Retry, Sent, Unknown
from channels.sms import create, providers
from channels.sms.cmpp.channel import CmppChannel
from channels.sms.cmpp.options import read_options
from channels.sms.testing import FakeIsmg
from tests.channels.sms.cmpp.conftest import Start

HELLO = Outbound(1, "13800138000", "您好")


def test_it_is_a_provider() -> None:
    assert "cmpp" in providers()


async def test_a_session_is_told_with_its_window(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(window=4)
    await channel.send(HELLO)
    health = await channel.health()
    assert health["ok"] is True
    assert health["detail"] == "1 条连接在线"
    (session,) = health["sessions"]
    assert (session["state"], session["pending"], session["window"]) == ("在线", 0, 4)
    assert health["counts"]["sent"] == 1
    json.dumps(health)


async def test_a_wrong_proof_of_the_gateway_is_no_reason_to_stay_away(
    ismg: FakeIsmg, start: Start
) -> None:
    ismg.traps.proof = False
    channel = await start()
    assert isinstance(await channel.send(HELLO), Sent)


@pytest.mark.parametrize(
    ("status", "advice"),
    [(2, "source_addr"), (3, "secret"), (4, "version"), (9, "connection_count")],
)
async def test_a_refused_login_says_what_to_check(
    ismg: FakeIsmg, start: Start, status: int, advice: str
) -> None:
    ismg.traps.connect_status = status
    channel = await start(connected=False)
    health = await channel.health()
    assert health["ok"] is False
    assert advice in health["detail"]


async def test_a_wrong_secret_is_refused(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(connected=False, secret="another")
    assert "secret" in (await channel.health())["detail"]


async def test_the_other_versions_refusal_is_understood(ismg: FakeIsmg, start: Start) -> None:
    ismg.traps.connect_status = 4
    other = "2.0" if ismg.version.is_3 else "3.0"
    channel = await start(connected=False, version=other)
    assert "version" in (await channel.health())["detail"]


async def test_more_connections_than_agreed(ismg: FakeIsmg, start: Start) -> None:
    ismg.traps.most_connections = 1
    channel = await start(connection_count=2)
    health = await channel.health()
    assert health["ok"] is True
    assert "1 条连接在线" in health["detail"]
    assert "断开" in health["detail"]
    assert isinstance(await channel.send(HELLO), Sent)


async def test_a_gateway_that_takes_connections_and_says_nothing(
    ismg: FakeIsmg, start: Start
) -> None:
    ismg.traps.deaf = True
    channel = await start(connected=False, connect_seconds=0.1, wait_seconds=0.2)
    assert (await channel.health())["ok"] is False
    assert isinstance(await channel.send(HELLO), Retry)


@pytest.mark.parametrize("heartbeats", ["whole", "short"])
async def test_heartbeats(ismg: FakeIsmg, start: Start, heartbeats: Any) -> None:
    ismg.traps.heartbeats = heartbeats
    channel = await start(heartbeat_seconds=0.05)
    await ismg.until(lambda: ismg.heartbeats >= 3)
    assert isinstance(await channel.send(HELLO), Sent)
    assert len(ismg.connects) == 1


async def test_a_session_that_does_not_answer_is_left_for_a_new_one(
    ismg: FakeIsmg, start: Start
) -> None:
    ismg.traps.heartbeats = "none"
    await start(heartbeat_seconds=0.05, heartbeat_answer_seconds=0.05)
    await ismg.until(lambda: len(ismg.connects) >= 2)


async def test_the_gateway_may_be_down_at_first(ismg: FakeIsmg, start: Start) -> None:
    await ismg.stop()
    channel = await start(connected=False)
    assert (await channel.health())["ok"] is False
    sending = asyncio.create_task(channel.send(HELLO))
    await ismg.start()
    assert isinstance(await sending, Sent)
    assert (await channel.health())["ok"] is True


async def test_closing_waits_for_what_is_under_way_and_says_goodbye(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start(answer_seconds=5)
    ismg.traps.hold_answers = True
    sending = asyncio.create_task(channel.send(HELLO))
    await ismg.until(lambda: len(ismg.submits) == 1)
    closing = asyncio.create_task(channel.close())
    await ismg.release()
    assert isinstance(await sending, Sent)
    await closing
    assert ismg.terminated == 1


async def test_closing_does_not_wait_for_ever(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(answer_seconds=60)
    ismg.traps.silent = True
    sending = asyncio.create_task(channel.send(HELLO))
    await ismg.until(lambda: len(ismg.submits) == 1)
    async with asyncio.timeout(4):
        await channel.close()
    assert isinstance(await sending, Unknown)


async def test_an_account_has_one_owner(
    ismg: FakeIsmg, start: Start, deps: ChannelDependencies
) -> None:
    await start()
    second = await start(connected=False)
    health = await second.health()
    assert health["ok"] is False
    assert "另一个进程" in health["detail"]
    assert isinstance(await second.send(HELLO), Retry)
    assert len(ismg.connects) == 1


async def test_a_process_that_does_not_run_the_account_says_so(
    ismg: FakeIsmg, deps: ChannelDependencies
) -> None:
    channel = create(Account("county", "sms", ismg.options()), deps)
    health = await channel.health()
    assert health["ok"] is True
    assert "进程" in health["detail"]


def test_it_runs_on_the_apps_own_loop(tmp_path: Path) -> None:
    async def exchange() -> None:
        ismg, clock = FakeIsmg(), FakeClock()
        await ismg.start()
        gateway = RecordingGateway(clock)
        deps = ChannelDependencies(gateway, MemoryStore(clock), clock, folder=tmp_path)
        channel = create(Account("county", "sms", ismg.options()), deps)
        await channel.start()
        assert isinstance(await channel.send(HELLO), Sent)
        assert await ismg.text("13800138000", "路灯坏了")
        assert [inbound.text for inbound in gateway.inbounds] == ["路灯坏了"]
        await channel.close()
        await ismg.stop()

    uvloop.run(exchange())


OPTIONS = {"host": "10.0.0.5", "source_addr": "900001", "secret": "s3", "sender": 1069000088}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"host": ""}, "host"),
        ({"port": "seven"}, "port"),
        ({"port": 70000}, "port"),
        ({"source_addr": "9000011"}, "source_addr"),
        ({"secret": "口令"}, "secret"),
        ({"sender": "+86138"}, "sender"),
        ({"version": "4.0"}, "version"),
        ({"window": 0}, "window"),
        ({"connection_count": True}, "connection_count"),
        ({"service_id": "x" * 11}, "service_id"),
        ({"repeats_msg_id": "yes"}, "repeats_msg_id"),
        ({"colour": "red"}, "colour"),
        ({"signature": "一"}, "signature"),
    ],
)
def test_a_wrong_option_is_named(changed: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_options(OPTIONS | changed)


def test_options_from_the_environment_are_strings() -> None:
    options = read_options(OPTIONS | {"port": "7891", "window": "32"})
    assert (options.port, options.window, options.sender) == (7891, 32, "1069000088")
    assert "s3" not in repr(options)


def test_without_a_folder_there_is_no_account(deps: ChannelDependencies) -> None:
    bare = ChannelDependencies(deps.gateway, deps.shared, deps.clock)
    with pytest.raises(ValueError, match="folder"):
        CmppChannel(Account("county", "sms", dict(OPTIONS)), bare)


async def test_a_folder_that_cannot_be_written_is_told_not_raised(
    ismg: FakeIsmg, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "sms").write_text("no folder")
    channel = await start(connected=False)
    assert (await channel.health())["ok"] is False
