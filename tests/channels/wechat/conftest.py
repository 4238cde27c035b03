"""Fixtures of the WeChat tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from contract import Serve
from ports_in_memory import FakeClock

from backend.ports import Account, ChannelDependencies
from channels.wechat import WechatChannel, create
from channels.wechat.testing import FakePlatform, Wechat

Golden = Callable[..., list[dict[str, Any]]]
MakeChannel = Callable[..., WechatChannel]
Connect = Callable[..., Awaitable[Wechat]]


@pytest.fixture(scope="session")
def golden(vectors: Callable[[str], Any]) -> Golden:
    """`golden('decrypt', …)`: the golden vectors of these kinds, at least one of each."""

    def of_kinds(*kinds: str) -> list[dict[str, Any]]:
        found = [v for v in vectors("wechat_vectors")["vectors"] if v["kind"] in kinds]
        assert {v["kind"] for v in found} == set(kinds)
        return found

    return of_kinds


TOKEN = "word-agreed-with-wechat"


@pytest.fixture
async def platform(clock: FakeClock) -> AsyncIterator[FakePlatform]:
    platform = FakePlatform(clock=clock)
    await platform.start()
    yield platform
    await platform.stop()


@pytest.fixture
def make_channel(platform: FakePlatform, deps: ChannelDependencies) -> MakeChannel:
    """A channel of the fake platform's account, with options changed."""
    deps = replace(deps, public_url="https://xiangyin.example")

    def make(**changed: Any) -> WechatChannel:
        options = {
            "token": TOKEN,
            "app_id": platform.app_id,
            "app_secret": platform.app_secret,
            "api_base_url": platform.base_url,
            "timeout_seconds": 1.5,
            **changed,
        }
        return create(Account("town", "wechat", options), deps)

    return make


@pytest.fixture
def connect(platform: FakePlatform, serve: Serve) -> Connect:
    """Serve a channel and give WeChat's side of it."""

    async def wechat(channel: WechatChannel, **options: Any) -> Wechat:
        base = await serve(channel)
        return Wechat(platform, f"{base}/channels/wechat/town", TOKEN, **options)

    return wechat
