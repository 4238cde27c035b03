"""Small values shared by all processes, in Valkey; in this process where there is none.

With Valkey away everything goes on, each process by itself.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

CALL_SECONDS = 2.0
ADD_SECONDS = 1.0
# After a call to add in vain nobody waits for another this long: a webhook has five seconds.
APART_SECONDS = 2.0
MOST_ADDED = 50_000
PREFIX = "xiangyin:shared:"
LOCK_PAUSE_SECONDS = 0.05
MOST_LOCAL = 20_000
# Deletes the lock only if it is still ours.
_UNLOCK = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""


@dataclass(slots=True)
class _Addition:
    """`holds` gives the value that the key has afterwards."""

    key: str
    value: str
    seconds: float
    holds: asyncio.Future[str]


class SharedValues:
    """`backend.ports.SharedStore`."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        # Ordered, for a dict that loses its first entries finds its first more and more slowly.
        self._local: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}
        self._added: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._additions: list[_Addition] = []
        self._adding: asyncio.Task[None] | None = None
        self._apart_until = 0.0

    @property
    def reaches_others(self) -> bool:
        return self._redis is not None

    async def get(self, key: str) -> str | None:
        if self._redis is not None:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    value = await self._redis.get(PREFIX + key)
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)
            else:
                if value is not None:
                    return value.decode() if isinstance(value, bytes) else str(value)
        kept = self._local.get(key) or self._added.get(key)
        return kept[0] if kept is not None and kept[1] > time.monotonic() else None

    async def set(self, key: str, value: str, *, seconds: float) -> None:
        self._local.pop(key, None)
        self._local[key] = (value, time.monotonic() + seconds)
        while len(self._local) > MOST_LOCAL:
            # The one set longest ago: losing it loses nothing but time.
            self._local.popitem(last=False)
        if self._redis is not None:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self._redis.set(PREFIX + key, value, px=max(1, int(seconds * 1000)))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)

    async def add(self, key: str, value: str, *, seconds: float) -> str:
        """One round trip for all who ask meanwhile: this stands in the way of every message."""
        if self._redis is None or time.monotonic() < self._apart_until:
            return self._add_here(key, value, seconds)
        addition = _Addition(key, value, seconds, asyncio.get_running_loop().create_future())
        self._additions.append(addition)
        if self._adding is None or self._adding.done():
            self._adding = asyncio.create_task(self._add_all(self._redis))
        return await addition.holds

    def _add_here(self, key: str, value: str, seconds: float) -> str:
        now = time.monotonic()
        held, until = self._added.get(key, ("", 0.0))
        if until > now:
            return held
        self._added[key] = (value, now + seconds)
        while len(self._added) > MOST_ADDED:
            self._added.popitem(last=False)
        return value

    async def _add_all(self, redis: Redis) -> None:
        while self._additions:
            group, self._additions = self._additions, []
            held: Sequence[str] | None = None
            try:
                async with asyncio.timeout(ADD_SECONDS):
                    held = await _add_group(redis, group)
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)
                self._apart_until = time.monotonic() + APART_SECONDS
            finally:
                # Nobody may wait for ever, whatever happened to the group.
                for number, each in enumerate(group):
                    if not each.holds.done():
                        each.holds.set_result(
                            held[number]
                            if held
                            else self._add_here(each.key, each.value, each.seconds)
                        )

    async def delete(self, key: str) -> None:
        self._local.pop(key, None)
        self._added.pop(key, None)
        if self._redis is not None:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self._redis.delete(PREFIX + key)
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)

    @asynccontextmanager
    async def lock(self, name: str, *, seconds: float) -> AsyncIterator[bool]:
        """One holder across processes while Valkey is there, within this process always."""
        local = self._locks.setdefault(name, asyncio.Lock())
        try:
            async with asyncio.timeout(seconds):
                await local.acquire()
        except TimeoutError:
            yield False
            return
        try:
            mark = secrets.token_hex(16)
            got = await self._take(PREFIX + "lock:" + name, mark, seconds)
            try:
                yield got
            finally:
                if got:
                    await self._give_back(PREFIX + "lock:" + name, mark)
        finally:
            local.release()

    async def _take(self, key: str, mark: str, seconds: float) -> bool:
        if self._redis is None:
            return True
        end = time.monotonic() + seconds
        while True:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    if await self._redis.set(key, mark, nx=True, px=int(seconds * 1000)):
                        return True
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)
                return True
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(LOCK_PAUSE_SECONDS)

    async def _give_back(self, key: str, mark: str) -> None:
        if self._redis is None:
            return
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._redis.eval(_UNLOCK, 1, key, mark)
        except (RedisError, OSError, TimeoutError) as error:
            log.debug("shared.lock_expires", error=type(error).__name__)


async def _add_group(redis: Redis, group: Sequence[_Addition]) -> list[str]:
    """The value that each key has now. Raises RedisError, OSError."""
    async with redis.pipeline(transaction=False) as pipeline:
        for each in group:
            pipeline.set(PREFIX + each.key, each.value, nx=True, px=int(each.seconds * 1000))
        added = await pipeline.execute()
        lost = [each for each, was_added in zip(group, added, strict=True) if not was_added]
        for each in lost:
            pipeline.get(PREFIX + each.key)
        found = iter(await pipeline.execute() if lost else ())
    # One that ran out between the two calls is nobody's.
    return [
        each.value if was_added else _text(next(found), each.value)
        for each, was_added in zip(group, added, strict=True)
    ]


def _text(stored: bytes | str | None, otherwise: str) -> str:
    if stored is None:
        return otherwise
    return stored.decode() if isinstance(stored, bytes) else stored
