"""Gateways and workers as simulated processes on one leaping loop: all of the app's own parts but
the bot, and WeChat with its 5 s over real sockets. A process dies as by kill -9: whatever it does
ends where it is, and nothing of it touches the database again."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from backend.conversation import steps
from backend.conversation.addresses import load_accounts
from backend.conversation.effects import Effects
from backend.conversation.gateway import ConversationGateway
from backend.conversation.inbox import Inbox
from backend.conversation.sender import Sender
from backend.conversation.signals import Signals
from backend.conversation.spool import Spool
from backend.conversation.texts import Texts, load_entries
from backend.conversation.turn import TurnTaker
from backend.conversation.waiters import Waiters
from backend.conversation.worker import Worker
from backend.duty.alarm import PATIENCE, Alarm
from backend.ports import Account, Channel, ChannelDependencies, Clock
from backend.shared_store import SharedValues
from channels.wechat import create
from channels.wechat.testing import FakePlatform
from tests.conversation.room import DATA, petition_rules, readings, says
from tests.durability.leaping_loop import WorkingDatabase

TOKEN = "simulated"
# `town` may push, `village` may not.
ACCOUNTS = {"town": True, "village": False}
LOOKS = dict.fromkeys(ACCOUNTS, "wechat")
MARK = re.compile(r"k\d+x")
CLAIM_SECONDS = 20.0
POLL_SECONDS = 2.0
LEASE_SECONDS = 20.0

_running: ContextVar[Process | None] = ContextVar("running", default=None)


class Killed(BaseException):
    """The process is dead. No Exception: nothing in it may catch this and go on."""


@dataclass(slots=True)
class Death:
    """The process that passes `step` for the count-th time dies, and is back after `away` s."""

    step: str
    count: int
    away: float


@dataclass(slots=True)
class _Strike:
    """What `steps.reach` tells of each passing."""

    step: str
    deaths: list[Death]

    def passed(self) -> None:
        process = _running.get()
        for death in [each for each in self.deaths if each.step == self.step]:
            death.count -= 1
            if death.count == 0 and process is not None:
                self.deaths.remove(death)
                process.die(death.away)
                raise Killed


def strike(deaths: Sequence[Death]) -> None:
    """Let processes die at these steps from now on."""
    left = list(deaths)
    steps._halts[:] = [_Strike(step, left) for step in {each.step for each in left}]  # type: ignore[misc]


class MortalDatabase(WorkingDatabase):
    process: Process

    def allow(self) -> None:
        if self.process.dead:
            raise Killed


class Wire:
    """The signals between processes, as by Valkey: late, and some are lost. Cut, all are."""

    def __init__(self, chance: random.Random, lost: float) -> None:
        self._chance = chance
        self._lost = lost
        self.heard: list[WiredSignals] = []

    def carry(self, sender: WiredSignals, topic: str, payload: int) -> None:
        loop = asyncio.get_running_loop()
        for other in self.heard:
            if other is not sender and self._chance.random() >= self._lost:
                loop.call_later(self._chance.uniform(0.0, 0.02), other.tell, topic, payload)


class WiredSignals(Signals):
    def __init__(self, wire: Wire, clock: Clock) -> None:
        super().__init__(None, clock)
        self._wire = wire
        wire.heard.append(self)

    def send(self, topic: str, payload: int) -> None:
        super().send(topic, payload)
        self._wire.carry(self, topic, payload)

    def tell(self, topic: str, payload: int) -> None:
        self._tell(topic, payload)


class SlowBot:
    """Answers with the marks it read, after the seconds that `delays` has for the first of them."""

    def __init__(self, delays: dict[str, float]) -> None:
        self._delays = delays

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        marks = MARK.findall(request["message"]["text"])
        await asyncio.sleep(self._delays.get(marks[0], 0.0) if marks else 0.0)
        answer = says("answer")
        answer["replies"][0]["params"] = {"read": " ".join(marks)}
        return answer

    async def health(self) -> dict[str, Any]:
        return {"ok": True}


def spoken() -> Texts:
    return Texts(load_entries(DATA / "texts" / "replies.yml") | {"answer": {"text": "答 {read}"}})


@dataclass
class Process:
    """`start`, and again after `die`. A gateway takes pushes and sends, a worker takes turns."""

    name: str
    gateway: bool
    worker: bool
    database_url: str
    folder: Path
    platform: FakePlatform
    clock: Clock
    bot: SlowBot
    wire: Wire
    shared: SharedValues
    port: int = 0
    dead: bool = True
    deaths: int = 0
    _signals: WiredSignals | None = None
    _inbox: Inbox | None = None
    _worker: Worker | None = None
    _sender: Sender | None = None
    _channels: list[Channel] = field(default_factory=list)
    _runner: web.AppRunner | None = None
    _database: MortalDatabase | None = None
    _returning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.dead = False
        context = copy_context()
        context.run(_running.set, self)
        await asyncio.create_task(self._start(), context=context)

    async def _start(self) -> None:
        self._database = database = MortalDatabase(self.database_url)
        database.process = self
        self._signals = signals = WiredSignals(self.wire, self.clock)
        self._inbox = inbox = Inbox(
            database,
            Spool(self.folder / self.name),
            self.clock,
            lambda who: signals.send("waiting", who),
        )
        waiters = Waiters(database)
        signals.listen("answered", waiters.answered)
        owner = f"{self.name}-{self.deaths}"
        gateway = ConversationGateway(
            database, inbox, waiters, self.clock, owner, claim_seconds=CLAIM_SECONDS
        )
        await inbox.start()
        if self.worker:
            await self._start_worker(database, signals, owner)
        if self.gateway:
            await self._start_gateway(database, signals, gateway, owner)

    async def _start_worker(self, database: MortalDatabase, signals: Signals, owner: str) -> None:
        texts = spoken()
        taker = TurnTaker(
            database,
            self.clock,
            self.bot,  # type: ignore[arg-type]
            Effects(readings(), petition_rules(), Alarm(texts, LOOKS, PATIENCE)),
            readings(),
            texts,
            LOOKS,
        )
        self._worker = worker = Worker(
            database,
            self.clock,
            owner,
            taker,
            signals,
            lease_seconds=LEASE_SECONDS,
            poll_seconds=POLL_SECONDS,
        )
        signals.listen("waiting", worker.wake)
        await worker.start()

    async def _start_gateway(
        self, database: MortalDatabase, signals: Signals, gateway: ConversationGateway, owner: str
    ) -> None:
        deps = ChannelDependencies(gateway=gateway, shared=self.shared, clock=self.clock)
        channels: dict[str, Channel] = {
            name: create(self._account(name, can_push), deps) for name, can_push in ACCOUNTS.items()
        }
        self._sender = sender = Sender(
            database,
            self.clock,
            owner,
            channels,
            claim_seconds=CLAIM_SECONDS,
            poll_seconds=POLL_SECONDS,
        )
        signals.listen("outbox", sender.wake)
        async with database.read() as connection:
            accounts = await load_accounts(connection)
        await sender.start(accounts)
        app = web.Application()
        for channel in channels.values():
            app.add_routes(channel.routes())
            await channel.start()
        self._channels = list(channels.values())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    def _account(self, name: str, can_push: bool) -> Account:
        options = {
            "token": TOKEN,
            "app_id": self.platform.app_id,
            "app_secret": self.platform.app_secret,
            "api_base_url": self.platform.base_url,
            "can_push": can_push,
        }
        return Account(name, "wechat", options)

    def url(self, account: str) -> str:
        return f"http://127.0.0.1:{self.port}/channels/wechat/{account}"

    def die(self, away: float) -> None:
        """At once: tasks end where they are, connections break, nothing is put in order."""
        self.dead = True
        self.deaths += 1
        if self._signals in self.wire.heard:
            self.wire.heard.remove(self._signals)
        self._break_connections()
        for task in self._tasks():
            task.cancel()
        context = copy_context()
        context.run(_running.set, None)
        self._returning = asyncio.create_task(self._come_back(away), context=context)

    def _tasks(self) -> list[asyncio.Task[Any]]:
        return [
            task
            for task in asyncio.all_tasks()
            if task.get_context().get(_running) is self
            and task is not asyncio.current_task()
            and not _gives_back(task)
        ]

    def _break_connections(self) -> None:
        if self._runner is None or self._runner.server is None:
            return
        for site in self._runner.sites:
            server = site._server  # type: ignore[attr-defined]
            if server is not None:
                server.close()
        for connection in self._runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def _come_back(self, away: float) -> None:
        while tasks := self._tasks():
            await asyncio.wait(tasks, timeout=1.0)
            for task in tasks:
                task.cancel()
        await self._dispose()
        await asyncio.sleep(away)
        await self.start()

    async def _dispose(self) -> None:
        """What a kernel does for a process that is gone."""
        for channel in self._channels:
            await channel.close()
        if self._inbox is not None:
            await self._inbox.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._database is not None:
            await self._database.close()

    async def back(self) -> None:
        if self._returning is not None:
            await self._returning

    async def stop(self) -> None:
        await self.back()
        if self._sender is not None:
            await self._sender.close()
        if self._worker is not None:
            await self._worker.close()
        await self._dispose()


def _gives_back(task: asyncio.Task[Any]) -> bool:
    """SQLAlchemy's way to roll back and to close, which the kernel and the server do for the dead:
    cut off, it would leave a lock behind."""
    return getattr(task.get_coro(), "__qualname__", "").startswith("AsyncConnection")
