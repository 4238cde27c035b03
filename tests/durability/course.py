"""One course of events in the five seconds, played by simulated processes; what citizens saw is
compared with what the database says."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import passive
from backend.conversation.tables import address, message, outbox
from backend.database.engine import Database
from backend.organisation.tables import account, org
from backend.ports import PassiveReply
from backend.shared_store import SharedValues
from channels.wechat.testing import Delivery, FakePlatform, Fault, Wechat
from channels.wechat.webhook import TRIES, TRY_SECONDS
from tests.durability import simulated
from tests.durability.leaping_loop import LeapingLoop, LoopClock, WorkingDatabase
from tests.durability.simulated import (
    ACCOUNTS,
    CLAIM_SECONDS,
    TOKEN,
    Death,
    Process,
    SlowBot,
    Wire,
)

SEND = "/cgi-bin/message/custom/send"
# Longer than any claim or lease, so that whatever died is settled.
CALM_SECONDS = 50.0
LAST_CONTACT_SECONDS = 15.0
# What a busy machine may take from the claim of an answer to the end of writing it. With more than
# this left the reply is in time.
WRITING_SECONDS = 1.0

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Said:
    """At `at` seconds citizen `who` writes; the bot thinks for `thinks` seconds."""

    who: int
    at: float
    thinks: float


@dataclass(frozen=True)
class Plan:
    """One course of events. `split`: gateways and workers are processes of their own; `wired`: the
    processes hear each other's signals. `accounts`: that of each citizen."""

    split: bool
    wired: bool
    accounts: tuple[str, ...]
    said: tuple[Said, ...]
    deaths: tuple[tuple[str, int, float], ...]
    faults: tuple[str, ...]
    seed: int


@dataclass(frozen=True)
class Posted:
    """What a citizen wrote, by its mark: when, and what became of the tries to deliver it."""

    mark: str
    at: datetime
    delivery: Delivery

    def may_have_timed_out(self, claimed_at: datetime) -> bool:
        """Whether an answer claimed then may have missed the connection. A try that is cut off is
        followed by another, which gets the answer again: only the last can lose it."""
        over = self.at + timedelta(seconds=TRIES * TRY_SECONDS)
        late = claimed_at >= over - timedelta(seconds=WRITING_SECONDS)
        return late and self.delivery.statuses == [0] * TRIES


@dataclass
class Course:
    """A plan as it is played, and what came of it."""

    plan: Plan
    database_url: str
    folder: Path
    platform: FakePlatform = field(default_factory=FakePlatform)
    processes: list[Process] = field(default_factory=list)
    delays: dict[str, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    told: dict[str, list[Posted]] = field(default_factory=dict)
    # Rows of which it was once not known whether they had left: they may come late.
    in_doubt: set[int] = field(default_factory=set)

    async def play(self) -> None:
        clock = LoopClock()
        self.platform = FakePlatform(clock=clock, enforce_windows=True)
        await self.platform.start()
        self._set_up(clock)
        try:
            for process in self.processes:
                await process.start()
            self.faults = [_fault(each) for each in self.plan.faults]
            self.platform.faults = self.faults
            simulated.strike([Death(*each) for each in self.plan.deaths])
            await asyncio.gather(*(self._write(said) for said in self.plan.said))
            await asyncio.sleep(CALM_SECONDS)
            # From here on nothing goes wrong any more.
            simulated.strike([])
            self.platform.faults = []
            await asyncio.gather(*(each.back() for each in self.processes))
            await asyncio.sleep(CALM_SECONDS)
            await asyncio.gather(*(self._post(who) for who in range(len(self.names))))
            await asyncio.sleep(LAST_CONTACT_SECONDS)
        finally:
            simulated.strike([])
            for process in self.processes:
                await process.stop()
            await self.platform.stop()

    def _set_up(self, clock: LoopClock) -> None:
        plan, chance = self.plan, random.Random(self.plan.seed)
        wire = Wire(chance, lost=0.1 if plan.wired else 1.0)
        alone = SharedValues(None)
        roles = [(True, False), (True, False), (False, True), (False, True)]
        for number, (gateway, worker) in enumerate(roles if plan.split else [(True, True)] * 2):
            self.processes.append(
                Process(
                    f"p{number}",
                    gateway,
                    worker,
                    self.database_url,
                    self.folder,
                    self.platform,
                    clock,
                    SlowBot(self.delays),
                    wire,
                    alone if plan.wired else SharedValues(None),
                )
            )
        self.names = [f"o-{next(_numbers)}" for _ in plan.accounts]

    async def _write(self, said: Said) -> None:
        await asyncio.sleep(said.at)
        await self._post(said.who, said.thinks)

    async def _post(self, who: int, thinks: float = 0.0) -> None:
        mark = f"k{next(_numbers)}x"
        self.delays[mark] = thinks
        openid, name = self.names[who], self.plan.accounts[who]
        urls = [process.url(name) for process in self.processes if process.gateway]
        wechat = Wechat(self.platform, urls[0], TOKEN, other_urls=urls[1:], patient=True)
        wechat._turns = itertools.count(next(_numbers))
        wechat._nonces = itertools.count(10**6 + next(_numbers))
        wechat._message_ids = itertools.count(10**10 + next(_numbers))
        at = self.platform.clock.now()
        delivery = await wechat.post_message(openid, mark)
        self.told.setdefault(openid, []).append(Posted(mark, at, delivery))

    async def check(self, database: Database) -> None:
        for openid, posted in self.told.items():
            await self._check_citizen(database, openid, posted)

    async def _check_citizen(self, database: Database, openid: str, posted: list[Posted]) -> None:
        seen = self.platform.seen.get(openid, [])
        async with database.read() as connection:
            found = await connection.execute(
                select(
                    message.c.text.label("mark"),
                    message.c.id.label("message_id"),
                    outbox.c.id,
                    outbox.c.state,
                    outbox.c.offered_at,
                    outbox.c.route,
                    outbox.c.carried_for,
                    outbox.c.claimed_until,
                )
                .join(address, address.c.id == message.c.address_id)
                .outerjoin(outbox, outbox.c.turn_id == message.c.turn_id)
                .where(address.c.external_id == openid)
                .order_by(message.c.id)
            )
            rows = {row.mark: row for row in found}
        story = f"{openid}: saw {seen}, rows {list(map(tuple, rows.values()))}"
        by_message = {rows[each.mark].message_id: each for each in posted if each.mark in rows}
        for mark, delivery in ((each.mark, each.delivery) for each in posted):
            if 200 in delivery.statuses:
                assert mark in rows, f"{mark} acknowledged and lost; {story}"
            if mark not in rows:
                continue
            row, copies = rows[mark], sum(mark in text for text in seen)
            assert row.id is not None, f"{mark} never answered; {story}"
            assert copies <= 1, f"{mark} told {copies} times; {story}"
            if row.state == "sent":
                assert copies == 1, f"{mark} recorded as sent, not seen; {story}"
            else:
                assert row.state == "unknown", f"{mark} is {row.state}; {story}"
                assert self._nobody_can_know(row, by_message), f"{mark} was knowable; {story}"
                assert row.offered_at is not None, f"{mark} not offered; {story}"
        in_order = [
            row for row in rows.values() if row.state == "sent" and row.id not in self.in_doubt
        ]
        places = [_place(row.mark, seen) for row in in_order]
        assert places == sorted(places), f"out of order: {story}"

    def _nobody_can_know(self, row: Row[*tuple[Any, ...]], posted: dict[int, Posted]) -> bool:
        """Whether something happened between sending this row and knowing."""
        if self.plan.deaths:
            return True
        if row.route == "passive":
            claimed_at = row.claimed_until - timedelta(seconds=CLAIM_SECONDS)
            return posted[row.carried_for].may_have_timed_out(claimed_at)
        return any(each.times == 0 and (each.hang or each.drop) for each in self.faults)


def _place(mark: str, seen: list[str]) -> int:
    return next(number for number, text in enumerate(seen) if mark in text)


def _fault(name: str) -> Fault:
    if name == "busy":
        return Fault(SEND, errcode=-1, times=1)
    what, _, done = name.partition(" ")
    return Fault(SEND, **{what: True}, done=bool(done), times=1)  # type: ignore[arg-type]


def run(plan: Plan, database_url: str, folder: Path) -> None:
    """Play the plan and check what came of it."""

    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(_nobody_mourns)
        course = Course(plan, database_url, folder)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(passive, "written", _noting_doubt(course.in_doubt))
            await course.play()
        database = WorkingDatabase(database_url)
        try:
            await course.check(database)
        finally:
            await database.close()

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(play())


def _noting_doubt(in_doubt: set[int]) -> Callable[..., Any]:
    record = passive.written

    async def written(
        connection: AsyncConnection, reply: PassiveReply, now: Any, *, whole: bool
    ) -> None:
        if not whole:
            in_doubt.add(reply.outbox_id)
        await record(connection, reply, now, whole=whole)

    return written


def _nobody_mourns(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not isinstance(context.get("exception"), simulated.Killed):
        loop.default_exception_handler(context)


def with_accounts(database_url: str) -> str:
    """The same database, with the two accounts."""

    async def fill() -> None:
        database = Database(database_url)
        async with database.write() as connection:
            values = {"code": "c", "name": "县", "type": "county", "path": "/1/", "active": True}
            org_id = await connection.scalar(org.insert().values(values).returning(org.c.id))
            for name in ACCOUNTS:
                row = {"name": name, "channel": "wechat", "org_id": org_id, "note": ""}
                await connection.execute(account.insert().values(row))
        await database.close()

    asyncio.run(fill())
    return database_url
