"""A gateway and an account on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backend.ports import Account, ChannelDependencies
from channels.sms.cmpp.channel import CmppChannel
from channels.sms.cmpp.pdus import Version
from channels.sms.testing import FakeIsmg

Start = Callable[..., Awaitable[CmppChannel]]


@pytest.fixture(params=[Version.V20, Version.V30], ids=["2.0", "3.0"])
async def ismg(request: pytest.FixtureRequest) -> AsyncIterator[FakeIsmg]:
    gateway = FakeIsmg(request.param)
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def start(ismg: FakeIsmg, deps: ChannelDependencies) -> AsyncIterator[Start]:
    """Call for a channel with its session open, options changed."""
    started: list[CmppChannel] = []

    async def open_channel(*, connected: bool = True, **changed: Any) -> CmppChannel:
        account = Account("county", "sms", ismg.options() | changed)
        account.options.pop("provider")
        channel = CmppChannel(account, deps)
        started.append(channel)
        before = sum(each.open for each in ismg.sessions)
        await channel.start()
        if connected:
            await ismg.until(lambda: sum(each.open for each in ismg.sessions) > before)
        return channel

    yield open_channel
    for channel in started:
        await channel.close()
