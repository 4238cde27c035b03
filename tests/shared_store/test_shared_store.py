"""What the first process adds holds for all; without Valkey for this process."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from backend.shared_store import SharedValues
from tests.services.ports import free_port

LOCK = "xiangyin:shared:lock:token"


async def test_the_first_to_add_holds_in_every_process(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as one, Redis.from_url(valkey_url) as other:
        here, there = SharedValues(one), SharedValues(other)
        assert await here.add("nonce", "first", seconds=60) == "first"
        assert await there.add("nonce", "second", seconds=60) == "first"
        assert await here.add("nonce", "first", seconds=60) == "first"
        assert await there.get("nonce") == "first"


async def test_many_who_add_at_once_share_a_round_trip(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as redis:
        shared = SharedValues(redis)
        asked = [shared.add(f"k{number % 50}", f"v{number}", seconds=60) for number in range(200)]
        held = await asyncio.gather(*asked)
        calls = (await redis.info("commandstats"))["cmdstat_set"]["calls"]
    assert held == [f"v{number % 50}" for number in range(200)]
    assert calls >= 200


async def test_what_was_added_runs_out(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as redis:
        shared = SharedValues(redis)
        await shared.add("nonce", "first", seconds=60)
        left = await redis.pttl("xiangyin:shared:nonce")
        assert 55_000 < left <= 60_000
        await redis.delete("xiangyin:shared:nonce")
        assert await shared.add("nonce", "second", seconds=60) == "second"


async def test_a_lock_has_one_holder_in_all_processes(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as one, Redis.from_url(valkey_url) as other:
        here, there = SharedValues(one), SharedValues(other)
        async with here.lock("token", seconds=60) as first:
            async with there.lock("token", seconds=0.01) as second:
                assert (first, second) == (True, False)
            # Who did not get it gave nothing back.
            assert await one.exists(LOCK)
        async with there.lock("token", seconds=0.01) as second:
            assert second


async def test_a_lock_runs_out_when_its_holder_dies(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as one, Redis.from_url(valkey_url) as other:
        dead = SharedValues(one).lock("token", seconds=60)
        assert await dead.__aenter__()
        assert 50_000 < await one.pttl(LOCK) <= 60_000
        await one.pexpire(LOCK, 50)  # as when nearly all of it has passed
        # The dead gives nothing back; the other waits until Valkey itself lets go.
        async with SharedValues(other).lock("token", seconds=30) as got:
            assert got
        await dead.__aexit__(None, None, None)


async def test_who_held_a_lock_too_long_does_not_open_the_next_ones(valkey_url: str) -> None:
    async with Redis.from_url(valkey_url) as one, Redis.from_url(valkey_url) as other:
        slow, there = SharedValues(one).lock("token", seconds=60), SharedValues(other)
        assert await slow.__aenter__()
        await one.pexpire(LOCK, 50)
        async with there.lock("token", seconds=30) as got:
            assert got
            mark = await other.get(LOCK)
            await slow.__aexit__(None, None, None)
            assert mark is not None
            assert await other.get(LOCK) == mark
            async with SharedValues(one).lock("token", seconds=0.01) as third:
                assert not third


async def test_without_valkey_this_process_remembers() -> None:
    shared = SharedValues(None)
    assert await shared.add("nonce", "first", seconds=60) == "first"
    assert await shared.add("nonce", "second", seconds=60) == "first"
    assert await shared.get("nonce") == "first"
    assert await shared.add("brief", "first", seconds=-1) == "first"
    assert await shared.add("brief", "second", seconds=60) == "second"


async def test_with_valkey_away_it_goes_on_and_asks_no_more_for_a_while() -> None:
    tried = 0

    class Away(Redis):
        async def execute_command(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("add uses a pipeline")

        def pipeline(self, *arguments: Any, **named: Any) -> Any:
            nonlocal tried
            tried += 1
            return super().pipeline(*arguments, **named)

    async with Away(host="127.0.0.1", port=free_port()) as redis:
        shared = SharedValues(redis)
        assert await shared.add("nonce", "first", seconds=60) == "first"
        assert await shared.add("nonce", "second", seconds=60) == "first"
    assert tried == 1
