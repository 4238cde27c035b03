"""Fixtures every channel's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from contract import Serve
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway

from backend.ports import Channel, ChannelDependencies


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def gateway(clock: FakeClock) -> RecordingGateway:
    return RecordingGateway(clock)


@pytest.fixture
def deps(
    gateway: RecordingGateway, store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> ChannelDependencies:
    return ChannelDependencies(gateway=gateway, shared=store, clock=clock, folder=tmp_path)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Call with a channel: starts it, mounts its routes on a free port, returns the base URL."""
    runners: list[web.AppRunner] = []
    channels: list[Channel] = []

    async def start(channel: Channel) -> str:
        app = web.Application()
        app.add_routes(channel.routes())
        # As the app itself should run: nobody sends us compressed bodies, and where aiohttp
        # unpacks a broken one it drops the connection instead of sending our 4xx.
        runner = web.AppRunner(app, access_log=None, auto_decompress=False)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        await channel.start()
        channels.append(channel)
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()
    for channel in channels:
        await channel.close()
