"""A gateway and an account on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from backend.ports import Account, ChannelDependencies
from channels.sms.smpp.channel import SmppChannel
from channels.sms.testing import FakeSmsc

Start = Callable[..., Awaitable[SmppChannel]]


@pytest.fixture
async def smsc() -> AsyncIterator[FakeSmsc]:
    gateway = FakeSmsc()
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def start(smsc: FakeSmsc, deps: ChannelDependencies) -> AsyncIterator[Start]:
    """Call for a channel with its session open, options changed."""
    started: list[SmppChannel] = []

    async def open_channel(*, connected: int = 1, **changed: Any) -> SmppChannel:
        account = Account("county", "sms", smsc.options() | changed)
        account.options.pop("provider")
        channel = SmppChannel(account, deps)
        started.append(channel)
        before = len(smsc.open)
        await channel.start()
        if connected:
            await smsc.until(lambda: len(smsc.open) >= before + connected)
        return channel

    yield open_channel
    for channel in started:
        await channel.close()
