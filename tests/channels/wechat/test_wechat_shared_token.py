"""The access token over the real Valkey: processes that need one at the same moment fetch it once.

The store in memory of the other tests is one lock in one process and cannot show this.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from ports_in_memory import FakeClock
from redis.asyncio import Redis

from backend.shared_store import SharedValues
from channels.wechat.access_token import AccessToken
from channels.wechat.account_health import AccountHealth
from channels.wechat.api import WechatApi
from channels.wechat.options import WechatOptions
from channels.wechat.testing import FakePlatform

TOKEN = "/cgi-bin/stable_token"


@pytest.fixture
async def pair(
    valkey_url: str, platform: FakePlatform, clock: FakeClock
) -> AsyncIterator[list[AccessToken]]:
    """Two token holders that share nothing but Valkey and the account. WeChat takes a moment, in
    which the second asks as well unless it waits for the first."""
    platform.latency = 0.1
    options = WechatOptions(
        tokens=("word",),
        app_id=platform.app_id,
        app_secret=platform.app_secret,
        api_base_url=platform.base_url,
    )
    async with AsyncExitStack() as ended:
        holders = []
        for _ in range(2):
            redis = await ended.enter_async_context(Redis.from_url(valkey_url))
            api = WechatApi(options, AccountHealth(clock))
            api.open()
            ended.push_async_callback(api.close)
            holder = AccessToken("town", options, api, SharedValues(redis), clock)
            ended.push_async_callback(holder.close)
            holders.append(holder)
        yield holders


async def test_two_processes_that_need_a_token_fetch_one(
    pair: list[AccessToken], platform: FakePlatform
) -> None:
    tokens = await asyncio.gather(*(holder.get() for holder in pair))
    assert tokens == [platform.tokens.current] * 2
    assert platform.calls == [TOKEN]


async def test_two_processes_whose_token_is_refused_force_one(
    pair: list[AccessToken], platform: FakePlatform
) -> None:
    refused, _ = await asyncio.gather(*(holder.get() for holder in pair))
    platform.calls.clear()
    tokens = await asyncio.gather(*(holder.replace(refused) for holder in pair))
    assert tokens == [platform.tokens.current] * 2
    assert refused not in tokens
    assert platform.calls == [TOKEN] * 2, "one asks, is given the same, and forces"
