"""kill -9 and SIGSTOP of app, bot and Valkey at every named step of a turn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backend.conversation.steps import STEPS
from backend.database.engine import Database
from tests.durability.ledger import Ledger
from tests.durability.world import Halt, World
from tests.services.nursery import BOT_PYTHON
from tests.services.required import require_service

CITIZENS = 26  # 26 × 4 × 3 = 312 messages


@pytest.fixture(autouse=True)
def bot_installed() -> None:
    require_service(BOT_PYTHON.exists() or None, "no bot environment (make install)")


async def play(world: World, *, during: object = None) -> Ledger:
    ledger = Ledger(world, CITIZENS)
    await world.start()
    try:
        task = asyncio.create_task(during()) if callable(during) else None
        await ledger.send_all()
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        database = Database(world.database_url)
        try:
            await ledger.settled(database)
            await ledger.check(database)
        finally:
            await database.close()
    finally:
        await world.stop()
    return ledger


async def test_the_app_dies_or_stops_at_every_step(database_url: str, tmp_path: Path) -> None:
    halts = [Halt(step, "KILL", 5) for step in STEPS]
    halts += [Halt(step, "STOP", 3) for step in STEPS]
    world = World(database_url, tmp_path, halts)
    await play(world)
    assert world.struck.count("app died") >= len(STEPS)
    assert "app stopped" in world.struck


async def test_bot_and_valkey_die_or_stop_at_every_step(database_url: str, tmp_path: Path) -> None:
    halts = []
    for number, step in enumerate(STEPS):
        halts += [
            Halt(step, "KILL", 2 + 2 * number, "valkey"),
            Halt(step, "KILL", 4 + 3 * number, "bot"),
            # Later: a process that has just been killed cannot be stopped.
            Halt(step, "STOP", 60 + 2 * number, "valkey"),
            Halt(step, "STOP", 60 + 3 * number, "bot"),
        ]
    world = World(database_url, tmp_path, halts)
    await play(world)
    for name in ("bot", "valkey"):
        assert f"{name} died" in world.struck
        assert f"{name} stopped" in world.struck


async def test_without_valkey_all_the_same(database_url: str, tmp_path: Path) -> None:
    await play(World(database_url, tmp_path, with_valkey=False))


async def test_valkey_flushed_all_the_time(database_url: str, tmp_path: Path) -> None:
    world = World(database_url, tmp_path)

    async def flush() -> None:
        from redis.asyncio import Redis

        async with Redis.from_url(world.valkey.url) as redis:
            while True:
                await redis.flushall()
                await asyncio.sleep(0.05)

    await play(world, during=flush)
