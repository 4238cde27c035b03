"""Pushes over real sockets: every errcode has its outcome, parts, tokens, health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from ports_in_memory import FakeClock, MemoryStore

import channels.wechat
from backend.ports import (
    MediaRef,
    MessageKind,
    Outbound,
    Partly,
    Rejected,
    Retry,
    Sent,
    Unknown,
    Unreachable,
)
from channels.wechat import WechatChannel
from channels.wechat.testing import FakePlatform, Fault, Pushed

MakeChannel = Callable[..., WechatChannel]
OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"

SENT = Sent(pushes=1)
OUTCOMES = {
    -1: Retry("system busy (-1)"),
    40003: Rejected("invalid openid (40003)"),
    43004: Unreachable("not following (43004)"),
    44004: Rejected("content empty (44004)"),
    45002: Rejected("content too long however short"),
    # From nine in the morning in Beijing to midnight.
    45009: Retry("daily api quota used (45009)", 15 * 3600),
    45011: Retry("too many calls a minute (45011)", 60),
    40037: Unreachable("no such template (40037)"),
    43101: Unreachable("notice refused or permission used up (43101)"),
    45065: Rejected("sent before (45065)"),
    47003: Unreachable("template field refused (47003)"),
    89501: Retry("ip waits for the administrator (89501)", 300),
    89503: Retry("ip needs the administrator (89503)", 300),
    89506: Retry("ip refused for a day (89506)", 3600),
    89507: Retry("ip refused for an hour (89507)", 3600),
    45015: Unreachable("reply window over or unsubscribed (45015)"),
    45047: Unreachable("customer-service quota used (45047)"),
    47001: Rejected("body not understood (47001)"),
    48001: Unreachable("api not permitted (48001)"),
    48002: Unreachable("user refuses messages (48002)"),
    48004: Unreachable("api forbidden (48004)"),
    50002: Retry("account limited (50002)", 3600),
    40164: Retry("ip not on the whitelist (40164)", 300),
    99999: Rejected("errcode not listed (99999)"),
}


@pytest.fixture
async def channel(
    make_channel: MakeChannel, platform: FakePlatform
) -> AsyncIterator[WechatChannel]:
    platform.follow(OPENID)
    channel = make_channel()
    await channel.start()
    yield channel
    await channel.close()


def outbound(text: str = "您的诉求已办结。") -> Outbound:
    return Outbound(outbox_id=1, address=OPENID, text=text)


@pytest.mark.parametrize("errcode", OUTCOMES)
async def test_every_errcode_has_its_outcome(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode)]
    assert await channel.send(outbound()) == OUTCOMES[errcode]
    assert platform.pushed == []


def test_every_listed_errcode_is_tested() -> None:
    table = yaml.safe_load(
        (Path(channels.wechat.__file__).parent / "errors.yml").read_text("utf-8")
    )
    tested_elsewhere = {0, 40001, 40007, 40013, 40014, 40125, 40243, 41001, 42001}
    tested_elsewhere |= {40029, 40163, 40226, 41008, 42003}  # web OAuth
    tested_elsewhere |= {40016, 40017, 40018, 40019, 40020, 40023, 40053, 46003}  # menu, QR codes
    assert set(table["codes"]) == (set(OUTCOMES) - {99999}) | tested_elsewhere


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_once_and_the_call_repeated_once(
    channel: WechatChannel, platform: FakePlatform, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode, times=1)]
    assert await channel.send(outbound()) == SENT
    assert platform.pushed == [Pushed(OPENID, "您的诉求已办结。")]
    assert platform.calls == [TOKEN, SEND, TOKEN, TOKEN, SEND]
    platform.faults = [Fault(SEND, errcode=errcode)]
    platform.calls.clear()
    result = await channel.send(outbound())
    assert isinstance(result, Retry)
    assert platform.calls.count(SEND) <= 2


async def test_an_ordinary_push(channel: WechatChannel, platform: FakePlatform) -> None:
    assert await channel.send(outbound()) == SENT
    assert await channel.send(outbound("第二条")) == SENT
    assert [pushed.text for pushed in platform.pushed] == ["您的诉求已办结。", "第二条"]
    assert platform.calls == [TOKEN, SEND, SEND]


async def test_http_200_with_an_errcode_is_no_success(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    platform.unfollow(OPENID)
    assert isinstance(await channel.send(outbound()), Unreachable)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(SEND, hang=True), Unknown),
        (Fault(SEND, drop=True), Unknown),
        (Fault(SEND, status=502), Unknown),
        (Fault(SEND, status=200), Unknown),
        (Fault(SEND, status=404), Retry),
        (Fault(TOKEN, hang=True), Retry),
        (Fault(TOKEN, drop=True), Retry),
        (Fault(TOKEN, status=200), Retry),
    ],
)
async def test_lost_calls(
    channel: WechatChannel, platform: FakePlatform, fault: Fault, kind: type
) -> None:
    platform.faults = [fault]
    assert isinstance(await channel.send(outbound()), kind)
    assert "连不上微信服务器" in (await channel.health())["detail"]
    platform.faults = []
    assert await channel.send(outbound()) == SENT
    assert (await channel.health())["ok"] is True


async def test_nothing_leaves_while_the_platform_is_down(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    assert await channel.send(outbound()) == SENT
    port = int(platform.base_url.rsplit(":", 1)[1])
    await platform.stop()
    assert isinstance(await channel.send(outbound("停机时")), Retry | Unknown)
    assert isinstance(await channel.send(outbound("停机时")), Retry)
    await platform.start(port)
    assert await channel.send(outbound("恢复后")) == SENT


async def test_before_start_nothing_is_sent(make_channel: MakeChannel) -> None:
    assert isinstance(await make_channel().send(outbound()), Retry)


async def test_an_account_that_may_not_push_does_not(
    make_channel: MakeChannel, platform: FakePlatform
) -> None:
    channel = make_channel(can_push=False)
    assert isinstance(await channel.send(outbound()), Unreachable)
    assert platform.calls == []


async def test_a_long_text_goes_in_parts(channel: WechatChannel, platform: FakePlatform) -> None:
    text = "镇里已经安排人员到现场查看。" * 120
    assert await channel.send(outbound(text)) == Sent(pushes=3)
    parts = [pushed.text for pushed in platform.pushed]
    assert len(parts) == 3
    assert "".join(parts) == text
    assert all(part.endswith("。") for part in parts)


async def test_a_text_refused_as_too_long_is_cut_smaller(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    platform.faults = [Fault(SEND, errcode=45002, times=2)]
    text = "镇里已经安排人员到现场查看。" * 40
    sent = await channel.send(outbound(text))
    parts = [pushed.text for pushed in platform.pushed]
    assert "".join(parts) == text
    assert len(parts) > 2
    assert sent == Sent(pushes=len(parts))


async def test_where_a_later_part_is_refused_it_is_known_what_left(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    platform.enforce_windows = True
    platform.windows.acted(OPENID)
    text = "镇里已经安排人员到现场查看。" * 200
    result = await channel.send(outbound(text))
    assert isinstance(result, Partly)
    assert result.rest == Unreachable("customer-service quota used (45047)")
    assert (result.pushes, text[: result.told]) == (
        3,
        "".join(pushed.text for pushed in platform.pushed),
    )


@pytest.mark.parametrize("text", ["", "  \n", "\x00", "\ud800"])
async def test_a_blank_text_is_rejected(
    channel: WechatChannel, platform: FakePlatform, text: str
) -> None:
    assert isinstance(await channel.send(outbound(text)), Rejected)
    assert platform.calls == []


async def test_what_utf8_cannot_carry_is_left_out(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    assert await channel.send(outbound("好\ud800的\x00👴")) == SENT
    assert platform.pushed[0].text == "好的👴"


# --- access token ---------------------------------------------------------------------------


async def test_many_pushes_at_once_fetch_one_token(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    results = await asyncio.gather(*(channel.send(outbound(str(n))) for n in range(20)))
    assert set(results) == {SENT}
    assert platform.calls.count(TOKEN) == 1
    platform.tokens.revoke()
    results = await asyncio.gather(*(channel.send(outbound(str(n))) for n in range(20)))
    assert set(results) == {SENT}
    assert platform.calls.count(TOKEN) == 2
    assert len(platform.pushed) == 40


async def test_two_processes_share_one_token(
    make_channel: MakeChannel, platform: FakePlatform, store: MemoryStore
) -> None:
    platform.follow(OPENID)
    pair = [make_channel(), make_channel()]
    for channel in pair:
        await channel.start()
    results = await asyncio.gather(*(channel.send(outbound()) for channel in pair))
    assert results == [SENT, SENT]
    assert platform.calls.count(TOKEN) == 1
    assert store.locks_taken == ["wechat:town:access_token"] * 2
    for channel in pair:
        await channel.close()


async def test_without_the_shared_store_it_goes_on(
    channel: WechatChannel, platform: FakePlatform, store: MemoryStore
) -> None:
    store.broken = True
    assert await channel.send(outbound()) == SENT
    platform.tokens.revoke()
    assert await channel.send(outbound()) == SENT
    store.broken = False
    assert await channel.send(outbound()) == SENT


async def test_what_another_program_wrote_into_the_store_is_not_trusted_blindly(
    channel: WechatChannel, platform: FakePlatform, store: MemoryStore
) -> None:
    await store.set("wechat:town:access_token", "{not json", seconds=100)
    assert await channel.send(outbound()) == SENT


async def test_the_token_is_renewed_early_without_a_pause(
    channel: WechatChannel, platform: FakePlatform, clock: FakeClock
) -> None:
    await channel.send(outbound())
    await clock.sleep(7200 - 200)
    assert await channel.send(outbound()) == SENT
    for _ in range(500):  # the renewal goes on behind the push
        if platform.tokens.issued == 2:
            break
        await asyncio.sleep(0.005)
    await clock.sleep(300)  # past the end of the first
    platform.calls.clear()
    assert await channel.send(outbound()) == SENT
    assert platform.calls == [SEND]


async def test_after_a_long_sleep_the_token_is_fetched_anew(
    channel: WechatChannel, platform: FakePlatform, clock: FakeClock
) -> None:
    await channel.send(outbound())
    await clock.sleep(timedelta(days=1).total_seconds())
    platform.calls.clear()
    assert await channel.send(outbound()) == SENT
    assert platform.calls == [TOKEN, SEND]


async def test_a_token_refused_while_wechat_calls_it_good_is_forced_but_not_too_often(
    channel: WechatChannel, platform: FakePlatform, clock: FakeClock
) -> None:
    platform.faults = [Fault(SEND, errcode=40001, times=1)]
    assert await channel.send(outbound()) == SENT
    assert platform.tokens.issued == 2
    platform.faults = [Fault(SEND, errcode=40001, times=1)]
    assert await channel.send(outbound()) == Retry("token refused, forced refresh too recent", 30.0)
    await clock.sleep(31)
    platform.faults = [Fault(SEND, errcode=40001, times=1)]
    assert await channel.send(outbound()) == SENT
    assert platform.tokens.issued == 3


@pytest.mark.parametrize(
    ("errcode", "errmsg", "words"),
    [
        (40164, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist", "203.0.113.9"),
        (40125, "invalid appsecret", "AppSecret"),
        (40013, "invalid appid", "AppID"),
        (40243, "appsecret frozen", "冻结"),
    ],
)
async def test_what_only_the_operator_can_mend_is_told_and_not_hammered(
    channel: WechatChannel,
    platform: FakePlatform,
    clock: FakeClock,
    errcode: int,
    errmsg: str,
    words: str,
) -> None:
    platform.faults = [Fault(TOKEN, errcode=errcode, errmsg=errmsg)]
    for _ in range(3):
        assert isinstance(await channel.send(outbound()), Retry)
    assert platform.calls == [TOKEN]
    health = await channel.health()
    assert health["ok"] is False
    assert words in health["detail"]
    platform.faults = []
    await clock.sleep(31)
    assert await channel.send(outbound()) == SENT
    assert (await channel.health())["ok"] is True


@pytest.mark.parametrize("errcode", [47003, 48001])
async def test_what_is_wrong_with_one_call_is_told_until_that_call_works(
    channel: WechatChannel, platform: FakePlatform, clock: FakeClock, errcode: int
) -> None:
    platform.faults = [Fault(SEND, errcode=errcode)]
    assert await channel.send(outbound()) != SENT
    assert (await channel.health())["ok"] is False
    platform.faults = []
    await channel.fetch_media(
        MediaRef(MessageKind.IMAGE, platform.keep_media(b"\xff\xd8 a lamp", "image/jpeg"))
    )
    assert (await channel.health())["ok"] is False, "another call worked, this one still does not"
    await clock.sleep(3601)
    assert await channel.send(outbound()) == SENT
    assert (await channel.health())["ok"] is True


async def test_a_missing_permission_shows_in_health(
    channel: WechatChannel, platform: FakePlatform
) -> None:
    platform.faults = [Fault(SEND, errcode=48001)]
    await channel.send(outbound())
    health = await channel.health()
    assert health["ok"] is False
    assert "can_push" in health["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token", ""),
        ("previous_token", 7),
        ("previous_token", " "),
        ("app_id", 7),
        ("app_secret", None),
        ("can_push", "yes"),
        ("reply_wait_seconds", 5),
        ("reply_wait_seconds", "4"),
        ("api_base_url", "api.weixin.qq.com"),
        ("api_base_url", "http://["),
        ("timeout_seconds", True),
        ("tokn", "x"),
    ],
)
def test_a_wrong_option_is_named(make_channel: MakeChannel, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        make_channel(**{name: value})


def test_an_account_needs_some_way_to_answer(make_channel: MakeChannel) -> None:
    make_channel(can_push=False, app_secret=None)
    with pytest.raises(ValueError, match="reply_wait_seconds"):
        make_channel(can_push=False, reply_wait_seconds=0)
