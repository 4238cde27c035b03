"""In-memory Gateway, SharedStore and Clock for channel tests: they keep what they were given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from backend.ports import (
    Accepted,
    ContactHistory,
    DeliveryReceipt,
    GeoPoint,
    Inbound,
    InboxUnavailable,
    NoticePermission,
    PassiveReply,
)


class FakeClock:
    """Time stands still until someone sleeps (`auto`) or the test calls `advance`."""

    def __init__(self, *, auto: bool = True) -> None:
        self.auto = auto
        self._now = datetime(2026, 11, 23, 1, 0, 0, tzinfo=UTC)
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.auto:
            self._now += timedelta(seconds=max(seconds, 0.0))
            await asyncio.sleep(0)
            return
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._now + timedelta(seconds=seconds), waiter))
        await waiter

    def set(self, now: datetime) -> None:
        """Put the clock to another time; nobody is woken."""
        self._now = now

    async def advance(self, seconds: float) -> None:
        """Move time on, waking sleepers in order; yields so that they run."""
        end = self._now + timedelta(seconds=seconds)
        await _settle()
        while True:
            due = [s for s in self._sleepers if s[0] <= end and not s[1].done()]
            if not due:
                break
            at, waiter = min(due, key=lambda sleeper: sleeper[0])
            self._now = max(self._now, at)
            self._sleepers.remove((at, waiter))
            waiter.set_result(None)
            await _settle()
        self._now = end
        await _settle()


async def _settle() -> None:
    # Enough turns of the loop for woken tasks to reach their next await.
    for _ in range(10):
        await asyncio.sleep(0)


class MemoryStore:
    """SharedStore in one process. `broken = True` makes every call raise, like a lost server."""

    reaches_others = True

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.values: dict[str, tuple[str, datetime]] = {}
        self.broken = False
        self._locks: dict[str, asyncio.Lock] = {}
        self.locks_taken: list[str] = []

    def _check(self) -> None:
        if self.broken:
            raise ConnectionError("shared store is down")

    async def get(self, key: str) -> str | None:
        self._check()
        value, expires = self.values.get(key, ("", self._clock.now()))
        return value if expires > self._clock.now() else None

    async def set(self, key: str, value: str, *, seconds: float) -> None:
        self._check()
        self.values[key] = (value, self._clock.now() + timedelta(seconds=seconds))

    async def add(self, key: str, value: str, *, seconds: float) -> str:
        known = await self.get(key)
        if known is None:
            await self.set(key, value, seconds=seconds)
        return known or value

    async def delete(self, key: str) -> None:
        self._check()
        self.values.pop(key, None)

    def lock(self, name: str, *, seconds: float) -> AbstractAsyncContextManager[bool]:
        return self._lock(name)

    @asynccontextmanager
    async def _lock(self, name: str) -> AsyncIterator[bool]:
        self._check()
        async with self._locks.setdefault(name, asyncio.Lock()):
            self.locks_taken.append(name)
            yield True


@dataclass
class Answer:
    """What the backend would say to a message, `after` seconds from its first acceptance."""

    text: str
    after: float = 0.0


@dataclass
class RecordingGateway:
    """Gateway that keeps inbounds once each and answers from `answers` (by text) or `answer`.
    `history`: what SQL knows of every address; None while SQL does not answer."""

    clock: FakeClock
    answer: Answer | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    unavailable: bool = False
    spooling: bool = False  # what comes goes to the spool, and no turn reads it
    inbounds: list[Inbound] = field(default_factory=list)
    accepts: list[tuple[Inbound, float, bool]] = field(default_factory=list)
    waits: list[tuple[int, float]] = field(default_factory=list)
    written: list[tuple[PassiveReply, bool]] = field(default_factory=list)
    declined: list[PassiveReply] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)  # reply_written was called
    receipts: list[DeliveryReceipt] = field(default_factory=list)
    permissions: list[NoticePermission] = field(default_factory=list)
    notices_permitted: int = 0
    history: ContactHistory | None = None
    histories_asked: int = 0
    places: list[tuple[str, str, GeoPoint]] = field(default_factory=list)
    in_parts: list[bool] = field(default_factory=list)
    _ids: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _first: dict[int, datetime] = field(default_factory=dict)
    _tries: dict[tuple[str, str, str], int] = field(default_factory=dict)

    async def accept(self, inbound: Inbound, *, reply_within: float = 0.0) -> Accepted:
        await asyncio.sleep(0)
        if self.unavailable:
            raise InboxUnavailable("neither SQL nor spool")
        key = (inbound.channel, inbound.account, inbound.external_id)
        duplicate = key in self._ids
        if not duplicate:
            self.inbounds.append(inbound)
            self._ids[key] = len(self.inbounds)
            self._first[self._ids[key]] = self.clock.now()
        self.accepts.append((inbound, reply_within, duplicate))
        message_id = None if self.spooling else self._ids[key]
        self._tries[key] = tries = self._tries.get(key, 0) + 1
        return Accepted(message_id=message_id, duplicate=duplicate, tries=tries)

    async def wait_reply(
        self, accepted: Accepted, timeout: float, *, in_part: bool = False
    ) -> PassiveReply | None:
        message_id = accepted.message_id
        if message_id is None:
            return None
        self.waits.append((message_id, timeout))
        self.in_parts.append(in_part)
        answer = self.answers.get(self.inbounds[message_id - 1].text, self.answer)
        if answer is None:
            return None
        ready = self._first[message_id] + timedelta(seconds=answer.after)
        wait = max(0.0, (ready - self.clock.now()).total_seconds())
        if wait > timeout:
            await self.clock.sleep(timeout)
            return None
        if wait:
            await self.clock.sleep(wait)
        return PassiveReply(outbox_id=1000 + message_id, text=answer.text)

    async def reply_written(self, reply: PassiveReply, *, written: bool) -> None:
        await asyncio.sleep(0)
        self.written.append((reply, written))
        self.told.set()

    async def reply_declined(self, reply: PassiveReply) -> None:
        self.declined.append(reply)

    async def whereabouts(self, account: str, address: str, place: GeoPoint) -> None:
        await asyncio.sleep(0)
        self.places.append((account, address, place))

    async def receipt(self, receipt: DeliveryReceipt) -> None:
        if self.unavailable:
            raise InboxUnavailable("no SQL")
        self.receipts.append(receipt)

    async def permission(self, permission: NoticePermission) -> None:
        if self.unavailable:
            raise InboxUnavailable("no SQL")
        self.permissions.append(permission)

    async def permitted(self, account: str, address: str, template_id: str) -> int:
        return self.notices_permitted

    async def contact_history(
        self, account: str, address: str, since: datetime
    ) -> ContactHistory | None:
        self.histories_asked += 1
        if self.history is None:
            return None
        return replace(
            self.history,
            contacts=[each for each in self.history.contacts if each.at > since],
            pushed=[at for at in self.history.pushed if at > since],
        )
