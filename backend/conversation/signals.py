"""Who wakes whom: within the process at once, across processes by Valkey.

Losing a signal loses time only: every listener also polls SQL.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.conversation.background import Loops
from backend.ports import Clock

log = structlog.get_logger(__name__)

PREFIX = "xiangyin:signal:"
PUBLISH_SECONDS = 1.0
RECONNECT_SECONDS = 2.0
MOST_UNSENT = 10_000


class Signals:
    """Topics with integer payloads: `waiting` and `media` (citizen id), `answered` (message id),
    `outbox` (row id), `deployment` (id of its newest data)."""

    def __init__(self, redis: Redis | None, clock: Clock) -> None:
        self._own = secrets.token_hex(8)
        self._redis = redis
        self._clock = clock
        self._listeners: dict[str, list[Callable[[int], None]]] = {}
        self._unsent: asyncio.Queue[tuple[str, int]] = asyncio.Queue(MOST_UNSENT)
        self._loops = Loops(clock)

    def listen(self, topic: str, listener: Callable[[int], None]) -> None:
        self._listeners.setdefault(topic, []).append(listener)

    def send(self, topic: str, payload: int) -> None:
        """Tell this process now, the others soon."""
        self._tell(topic, payload)
        if self._redis is not None and not self._unsent.full():
            self._unsent.put_nowait((topic, payload))

    def _tell(self, topic: str, payload: int) -> None:
        for listener in self._listeners.get(topic, ()):
            listener(payload)

    async def start(self) -> None:
        if self._redis is not None:
            self._loops.start(
                {
                    "signals-out": partial(self._publish, self._redis),
                    "signals-in": partial(self._subscribe, self._redis),
                }
            )

    async def close(self) -> None:
        await self._loops.stop()

    async def _publish(self, redis: Redis) -> None:
        while True:
            topic, payload = await self._unsent.get()
            try:
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await redis.publish(PREFIX + topic, f"{self._own}:{payload}")
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("signals.not_published", error=type(error).__name__)
                await self._clock.sleep(RECONNECT_SECONDS)

    async def _subscribe(self, redis: Redis) -> None:
        while True:
            try:
                async with redis.pubsub() as pubsub:
                    await pubsub.psubscribe(PREFIX + "*")
                    async for event in pubsub.listen():
                        if event["type"] != "pmessage":
                            continue
                        sender, _, payload = event["data"].decode().partition(":")
                        if sender != self._own and payload.isdigit():
                            self._tell(event["channel"].decode()[len(PREFIX) :], int(payload))
            except (RedisError, OSError, TimeoutError) as error:
                log.debug("signals.not_subscribed", error=type(error).__name__)
            await self._clock.sleep(RECONNECT_SECONDS)
