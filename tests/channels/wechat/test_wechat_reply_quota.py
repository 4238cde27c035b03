"""The account of a citizen's quota, kept in a real Valkey by several processes, and without it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from ports_in_memory import FakeClock, MemoryStore, RecordingGateway
from redis.asyncio import Redis

from backend.ports import Contact, ContactHistory, MessageKind
from backend.shared_store import MOST_LOCAL, SharedValues
from channels.wechat.reply_quota import ReplyQuota
from channels.wechat.shared_state import SharedState

OPENID = "oXy7Qk2mVtR4wZ8nLp3sHd6fGj1c"
KEY = f"wechat:town:quota:{OPENID}"

Process = Callable[[], ReplyQuota]


def wrote(*times: datetime, pushed: tuple[datetime, ...] = ()) -> ContactHistory:
    return ContactHistory([Contact(at, MessageKind.TEXT) for at in times], pushed)


@pytest.fixture
async def process(
    own_valkey: Any, gateway: RecordingGateway, clock: FakeClock
) -> AsyncIterator[Process]:
    """Call it for the account as another process keeps it."""
    async with AsyncExitStack() as stack:

        def start() -> ReplyQuota:
            redis = Redis.from_url(own_valkey.url)
            stack.push_async_callback(redis.aclose)
            return ReplyQuota("town", gateway, SharedState(SharedValues(redis)), clock)

        yield start


async def test_processes_share_it_and_a_flush_costs_one_look_into_sql(
    process: Process, own_valkey: Any, gateway: RecordingGateway, clock: FakeClock
) -> None:
    first, second = process(), process()
    gateway.history = wrote(clock.now())
    assert await first.left(OPENID, 1) == 5
    await first.pushed(OPENID, 2)
    assert await second.left(OPENID, 1) == 3
    await second.pushed(OPENID, 1)
    assert (await first.left(OPENID, 1), gateway.histories_asked) == (2, 1)
    async with Redis.from_url(own_valkey.url) as redis:
        await redis.flushall()
    gateway.history = wrote(clock.now(), pushed=(clock.now(),) * 3)
    assert await process().left(OPENID, 1) == 2
    assert gateway.histories_asked == 2


async def test_without_valkey_it_goes_on_from_sql(
    process: Process, own_valkey: Any, gateway: RecordingGateway, clock: FakeClock
) -> None:
    gateway.history = wrote(clock.now(), pushed=(clock.now(),) * 4)
    assert await process().left(OPENID, 1) == 1
    own_valkey.kill()
    assert await process().left(OPENID, 1) == 1
    assert await process().left(OPENID, 2) == 1


async def test_what_was_there_before_valkey_came_back_does_not_forbid_anything(
    process: Process, own_valkey: Any, gateway: RecordingGateway, clock: FakeClock
) -> None:
    one = process()
    gateway.history = wrote(clock.now())
    await one.left(OPENID, 1)
    await one.pushed(OPENID, 5)
    await clock.sleep(10)
    # A message came that the account kept does not know.
    gateway.history = wrote(clock.now() - timedelta(seconds=10), clock.now())
    assert await one.left(OPENID, 1) == 5


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"moments": [["x", "wrote"]], "pushed": []}'])
async def test_what_is_not_understood_is_read_anew(
    gateway: RecordingGateway, store: MemoryStore, clock: FakeClock, stored: str
) -> None:
    await store.set(KEY, stored, seconds=100)
    gateway.history = wrote(clock.now())
    kept = ReplyQuota("town", gateway, SharedState(store), clock)
    assert await kept.left(OPENID, 1) == 5


async def test_of_a_citizen_it_keeps_little_and_not_for_ever(
    gateway: RecordingGateway, store: MemoryStore, clock: FakeClock
) -> None:
    kept = ReplyQuota("town", gateway, SharedState(store), clock)
    gateway.history = wrote(*(clock.now() - timedelta(minutes=n) for n in range(1000, 0, -1)))
    await kept.left(OPENID, 1)
    value, until = store.values[KEY]
    assert len(value) < 300
    assert until - clock.now() == timedelta(hours=48)


async def test_a_process_alone_keeps_only_so_many() -> None:
    alone = SharedValues(None)
    for number in range(MOST_LOCAL + 5):
        await alone.set(str(number), "x", seconds=60)
    await alone.set("7", "again", seconds=60)
    await alone.set("new", "x", seconds=60)
    assert [await alone.get(key) for key in ("0", "4", "5", "7", "new")] == [
        None, None, None, "again", "x",
    ]  # fmt: skip
