"""Several accounts in one deployment, each by its path: one that is broken leaves the others be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from contract import Serve
from ports_in_memory import Answer, FakeClock, MemoryStore, RecordingGateway

from backend.ports import Account, ChannelDependencies, Outbound, Sent, Unknown
from channels.wechat import WechatChannel, create
from channels.wechat.testing import FakePlatform, Fault, Wechat
from xiangyin.loading import load_settings

OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
KEYS = {
    "chengguan": "kQ7ZrXw2bN9mLp4TgVyC8dHsJf6aUe3RiOxP1qMzB5E",
    "liuhe": "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v",
    "shiqiao": "",
}
SEND = "/cgi-bin/message/custom/send"


@dataclass
class Township:
    """One account, its platform, and its citizens' WeChat."""

    channel: WechatChannel
    platform: FakePlatform
    wechat: Wechat


@pytest.fixture
async def townships(
    gateway: RecordingGateway, store: MemoryStore, clock: FakeClock
) -> AsyncIterator[dict[str, Township]]:
    """`chengguan` and `liuhe` in the safe mode, each with its key; `shiqiao` in the plain one."""
    gateway.answer = Answer("已收到。")
    deps = ChannelDependencies(gateway, store, clock)
    async with AsyncExitStack() as stack:
        app, made = web.Application(), {}
        for number, (name, key) in enumerate(KEYS.items(), 1):
            platform = FakePlatform(app_id=f"wx{number:016}", app_secret=name, clock=clock)
            await platform.start()
            stack.push_async_callback(platform.stop)
            options: dict[str, Any] = {
                "token": f"token-of-{name}",
                "app_id": platform.app_id,
                "app_secret": platform.app_secret,
                "api_base_url": platform.base_url,
                "timeout_seconds": 60.0,
            }
            channel = create(
                Account(name, "wechat", options | ({"encoding_aes_key": key} if key else {})), deps
            )
            app.add_routes(channel.routes())
            await channel.start()
            stack.push_async_callback(channel.close)
            wechat = Wechat(platform, name, f"token-of-{name}", aes_key=key)
            made[name] = Township(channel, platform, wechat)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        for name, township in made.items():
            township.wechat.webhook_url = f"http://127.0.0.1:{port}/channels/wechat/{name}"
        yield made


async def test_each_account_takes_its_own_and_answers_with_its_own_key(
    townships: dict[str, Township], gateway: RecordingGateway
) -> None:
    for name, township in townships.items():
        delivery = await township.wechat.post_message(OPENID, f"{name}的路灯坏了")
        assert (delivery.statuses, delivery.seen) == ([200], "已收到。")
    assert [(inbound.account, inbound.text) for inbound in gateway.inbounds] == [
        (name, f"{name}的路灯坏了") for name in KEYS
    ]


@pytest.mark.parametrize("of", KEYS)
@pytest.mark.parametrize("to", KEYS)
async def test_what_is_signed_for_one_account_is_refused_by_another(
    townships: dict[str, Township], gateway: RecordingGateway, of: str, to: str
) -> None:
    wechat = townships[of].wechat
    wechat.webhook_url = townships[to].wechat.webhook_url
    delivery = await wechat.post_message(OPENID, "路灯坏了")
    assert delivery.statuses == ([200] if of == to else [403])
    assert len(gateway.inbounds) == (of == to)


async def test_the_same_number_of_message_in_two_accounts_is_two_messages(
    townships: dict[str, Township], gateway: RecordingGateway
) -> None:
    for township in townships.values():
        assert (await township.wechat.post_message(OPENID, "路灯坏了")).statuses == [200]
    assert len({inbound.external_id for inbound in gateway.inbounds}) == 1
    assert len(gateway.inbounds) == len(KEYS)


async def test_a_broken_account_tells_the_operator_and_leaves_the_others_be(
    townships: dict[str, Township],
) -> None:
    broken = townships["liuhe"]
    broken.wechat.aes_key = KEYS["chengguan"]
    assert (await broken.wechat.post_message(OPENID, "路灯坏了")).statuses == [400]
    assert (await broken.channel.health())["ok"] is False
    for name in ("chengguan", "shiqiao"):
        delivery = await townships[name].wechat.post_message(OPENID, "路灯坏了")
        assert delivery.seen == "已收到。"
        assert (await townships[name].channel.health())["ok"] is True


async def test_a_hanging_provider_of_one_account_holds_up_no_other(
    townships: dict[str, Township],
) -> None:
    for township in townships.values():
        township.platform.follow(OPENID)
    townships["liuhe"].platform.faults = [Fault(SEND, hang=True)]
    message = Outbound(1, OPENID, "您的诉求已办结。")
    # More than the connections of one account.
    hanging = [asyncio.create_task(townships["liuhe"].channel.send(message)) for _ in range(100)]
    async with asyncio.timeout(50):
        while townships["liuhe"].platform.calls.count(SEND) == 0:
            await asyncio.sleep(0.01)
        for name in ("chengguan", "shiqiao"):
            assert await townships[name].channel.send(message) == Sent(pushes=1)
            assert (await townships[name].wechat.post_message(OPENID, "好")).seen == "已收到。"
        assert not any(task.done() for task in hanging)
        await townships["liuhe"].platform.stop()
        results = await asyncio.gather(*hanging)
    assert Sent(pushes=1) not in results
    assert any(isinstance(result, Unknown) for result in results)


@pytest.mark.parametrize("source", ["files", "environment"])
async def test_from_the_settings_on_both_tokens_are_taken_while_one_is_changed(
    serve: Serve,
    deps: ChannelDependencies,
    gateway: RecordingGateway,
    platform: FakePlatform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: str,
) -> None:
    gateway.answer = Answer("已收到。")
    lines = ["[accounts.town]", 'channel = "wechat"', f'app_id = "{platform.app_id}"']
    monkeypatch.setenv("XIANGYIN_ACCOUNTS__TOWN__APP_SECRET", platform.app_secret)
    for option, token in (("token", "the-new-word"), ("previous_token", "the-old-word")):
        if source == "environment":
            monkeypatch.setenv(f"XIANGYIN_ACCOUNTS__TOWN__{option.upper()}", token)
            continue
        path = tmp_path / option
        path.write_text(f"{token}\n")
        path.chmod(0o600)
        lines.append(f'{option}_file = "{path}"')
    config = tmp_path / "xiangyin.toml"
    config.write_text("\n".join(lines))
    settings = load_settings(config)
    assert "-word" not in repr(settings) + str(settings.model_dump())
    [account] = settings.channel_accounts()
    webhook_url = f"{await serve(create(account, deps))}/channels/wechat/town"
    for token, statuses in (
        ("the-old-word", [200]),
        ("the-new-word", [200]),
        ("another-word", [403]),
    ):
        wechat = Wechat(platform, webhook_url, token)
        assert (await wechat.post_message(OPENID, "路灯坏了")).statuses == statuses
