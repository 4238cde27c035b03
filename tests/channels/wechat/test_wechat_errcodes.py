"""Every code of errors.yml on every route it can meet, against the fake platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ports_in_memory import RecordingGateway

import channels.wechat
from backend.ports import (
    About,
    ContactHistory,
    Noticed,
    Outbound,
    Rejected,
    Retry,
    Sent,
    Unreachable,
)
from channels.wechat import WechatChannel
from channels.wechat.errcode import Action, policy
from channels.wechat.testing import FakePlatform, Fault

MakeChannel = Callable[..., WechatChannel]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
SEND = "/cgi-bin/message/custom/send"
TEMPLATE = "/cgi-bin/message/template/send"
TOKEN = "/cgi-bin/stable_token"
TABLE: dict[int, dict[str, Any]] = yaml.safe_load(
    (Path(channels.wechat.__file__).parent / "errors.yml").read_text("utf-8")
)["codes"]
CODES = [code for code in TABLE if code != 0]
# Every code the reference names.
REFERENCE = {40001, 40014, 42001, 40164, 45015, 45047, 45002, 48001, 48002}
REFERENCE |= {43101, 47003, 40037, 43004, 45065, 45009, 45011}


@pytest.fixture
async def channel(
    make_channel: MakeChannel, platform: FakePlatform, gateway: RecordingGateway
) -> AsyncIterator[WechatChannel]:
    platform.follow(OPENID)
    platform.notices.templates["TPL"] = {"thing1"}
    gateway.history = None
    channel = make_channel(template_id="TPL", template_fields={"thing1": "news"})
    await channel.start()
    yield channel
    await channel.close()


def message(number: int = 1) -> Outbound:
    return Outbound(number, OPENID, "路灯已修好。", About("20261123-0007-3"))


def test_the_reference_is_in_the_table() -> None:
    assert set(TABLE) >= REFERENCE


@pytest.mark.parametrize("errcode", CODES)
async def test_a_push_that_is_refused(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode, times=1)]
    result = await channel.send(message())
    match policy(errcode).action:
        case Action.REFRESH:
            assert result == Sent(pushes=1)
            assert platform.calls.count(SEND) == 2
        case Action.RETRY:
            assert isinstance(result, Retry)
            assert result.after == TABLE[errcode].get("after")
            assert platform.calls.count(SEND) == 1
        case Action.REROUTE:
            assert isinstance(result, Noticed)
            assert result.by == "template"
        case Action.SPLIT:
            # One shorter than any part: WeChat takes it the second time, or it is rejected.
            assert result == Sent(pushes=1)
        case _:
            assert isinstance(result, Rejected)
            assert str(errcode) in result.reason
    assert len(platform.pushed) + len(platform.notices.sent) == (
        0 if isinstance(result, Retry | Rejected) else 1
    )


@pytest.mark.parametrize("errcode", CODES)
async def test_a_notice_that_is_refused_is_not_the_message_refused(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [
        Fault(SEND, errcode=45015),
        Fault(TEMPLATE, errcode=errcode, times=1),
    ]
    result = await channel.send(message())
    match policy(errcode).action:
        case Action.REFRESH:
            assert isinstance(result, Noticed)
        case Action.DONE:
            assert result == Noticed("template", "")
        case Action.RETRY:
            assert isinstance(result, Retry)
        case _:
            assert isinstance(result, Unreachable)
            assert str(errcode) in result.reason
    assert platform.calls.count(SEND) == 1


@pytest.mark.parametrize("errcode", [code for code in CODES if TABLE[code].get("stops")])
async def test_a_stopped_route_is_not_asked_again(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode)]
    first = await channel.send(message())
    second = await channel.send(message(2))
    assert platform.calls.count(SEND) == 1
    assert type(first) is type(second)


@pytest.mark.parametrize("errcode", [code for code in CODES if TABLE[code].get("operator")])
async def test_what_a_person_has_to_mend_is_on_the_health_page(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode), Fault(TEMPLATE, errcode=-1)]
    await channel.send(message())
    health = await channel.health()
    assert health["ok"] is False
    assert health["detail"].startswith(TABLE[errcode]["operator"].rstrip("。"))


@pytest.mark.parametrize("errcode", [40013, 40125, 40164, 40243, 89501, 89503, 89506, 89507])
async def test_a_token_that_is_refused(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(TOKEN, errcode=errcode, errmsg="invalid ip 203.0.113.9 not listed")]
    assert await channel.send(message()) == Retry(
        f"stable_token: {policy(errcode).reason}", policy(errcode).after
    )
    health = await channel.health()
    assert health["ok"] is False
    assert health["detail"].startswith(TABLE[errcode]["operator"].rstrip("。"))
    assert platform.calls == [TOKEN]


async def test_the_history_is_asked_for_before_a_lesser_way(
    channel: WechatChannel, platform: FakePlatform, gateway: RecordingGateway
) -> None:
    gateway.history = ContactHistory()
    assert isinstance(await channel.send(message()), Noticed)
    assert platform.calls.count(SEND) == 0
