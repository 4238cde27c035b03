"""Small values shared by all processes, in Valkey; in this process where there is none.

With Valkey away everything goes on, each process by itself.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

CALL_SECONDS = 2.0
PREFIX = "xiangyin:shared:"
LOCK_PAUSE_SECONDS = 0.05
MOST_LOCAL = 20_000
# Deletes the lock only if it is still ours.
_UNLOCK = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""


class SharedValues:
    """`backend.ports.SharedStore`."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._local: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

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
        kept = self._local.get(key)
        return kept[0] if kept is not None and kept[1] > time.monotonic() else None

    async def set(self, key: str, value: str, *, seconds: float) -> None:
        self._local.pop(key, None)
        self._local[key] = (value, time.monotonic() + seconds)
        while len(self._local) > MOST_LOCAL:
            # The one set longest ago: losing it loses nothing but time.
            del self._local[next(iter(self._local))]
        if self._redis is not None:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    await self._redis.set(PREFIX + key, value, px=max(1, int(seconds * 1000)))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("shared.away", error=type(error).__name__)

    async def delete(self, key: str) -> None:
        self._local.pop(key, None)
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
