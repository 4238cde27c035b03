"""Fixtures every channel's tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientSession, web
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway

from backend.ports import Channel, ChannelDependencies


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shared(clock: FakeClock) -> MemoryStore:
    return MemoryStore(clock)


@pytest.fixture
def gateway(clock: FakeClock) -> RecordingGateway:
    return RecordingGateway(clock)


@pytest.fixture
def deps(gateway: RecordingGateway, shared: MemoryStore, clock: FakeClock) -> ChannelDependencies:
    return ChannelDependencies(gateway=gateway, shared=shared, clock=clock)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


Serve = Callable[[Channel], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Call with a channel: starts it, mounts its routes on a free port, returns the base URL."""
    runners: list[web.AppRunner] = []
    channels: list[Channel] = []

    async def start(channel: Channel) -> str:
        app = web.Application()
        app.add_routes(channel.routes())
        # As the app itself runs: nobody sends us compressed bodies, and aiohttp answers a broken one
        # with an aborted connection when it unpacks them.
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
