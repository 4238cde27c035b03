"""A county with officials on duty and emergencies to tell them of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from backend.conversation.tables import address, outbox
from backend.duty.alarm import Alarm
from backend.duty.roster import put_on_duty
from backend.duty.tables import duty_alert
from backend.duty.watch import DutyWatch
from backend.organisation.sessions import Actor
from backend.petitions import followup
from backend.petitions.citizen_act import CitizenAct
from backend.petitions.filing import Filed
from backend.petitions.rules import today
from tests.conversation.room import texts
from tests.petitions.world import World, reading

PATIENCE = timedelta(minutes=5)


@dataclass
class WatchRoom:
    world: World
    head: Actor
    woken: list[int] = field(default_factory=list)

    @classmethod
    async def open(cls, world: World) -> WatchRoom:
        return cls(world, await world.official("qinghe", "admin", "县管理员"))

    def __post_init__(self) -> None:
        self.looks = {"wx": "wechat", "sms": "sms"}
        self.alarm = Alarm(texts(), self.looks, PATIENCE)
        self.watch = self.another_watch()

    def another_watch(self) -> DutyWatch:
        return DutyWatch(self.world.database, self.world.clock, self.alarm, self.woken.append)

    async def on_duty(
        self,
        office: str,
        name: str,
        phone: str,
        *,
        on_date: date | None = None,
        weekday: int | None = None,
    ) -> tuple[Actor, int]:
        """An official of that office and their entry."""
        official = await self.world.official(office, "handler", name)
        async with self.world.database.write() as connection:
            entry = await put_on_duty(
                connection,
                self.head,
                org_id=self.world.orgs[office].id,
                user_id=official.user_id,
                phone=phone,
                on_date=on_date,
                weekday=weekday,
                today=today(self.world.now),
                now=self.world.now,
            )
        return official, entry

    async def emergency(self, **changes: Any) -> Filed:
        """Filed in 城关镇, and its alarm raised, as the turn's transaction does it."""
        filed = await self.world.file(
            **{"reading": reading(urgency="emergency"), "text": "张三家着火了救命", **changes}
        )
        await self.raise_alarm(filed)
        return filed

    async def raise_alarm(self, filed: Filed) -> int | None:
        async with self.world.database.write() as connection:
            return await self.alarm.raise_for(connection, filed.petition_id, self.world.now)

    async def say_where(self, filed: Filed, place: str) -> None:
        """The citizen answers where; the turn's transaction adds it and tells who is on duty."""
        by = await self.world.row(filed.number)
        async with self.world.database.write() as connection:
            act = CitizenAct(
                connection,
                self.world.rules,
                by.citizen_id,
                filed.number,
                self.world.now,
                self.world.key(),
            )
            added = await followup.add(act, f"在{place}", (), place=place)
            assert isinstance(added, followup.Added)
            if added.located is not None:
                await self.alarm.tell_place(connection, added.located, self.world.now)

    async def minutes_pass(self, minutes: float) -> None:
        self.world.clock.move(timedelta(minutes=minutes))
        await self.watch.look()

    async def told(self, key: str = "duty_alert") -> list[tuple[str, str]]:
        """(address, words) of each message to an officer, in order; 'duty_place' those that tell
        the place."""
        async with self.world.database.read() as connection:
            rows = await connection.execute(
                select(address.c.external_id, outbox.c.text)
                .join(address, address.c.id == outbox.c.address_id)
                .where(outbox.c.key == key)
                .order_by(outbox.c.id)
            )
            return [(row.external_id, row.text) for row in rows]

    async def phones(self) -> list[str]:
        return [phone for phone, _ in await self.told()]

    async def alerts(self) -> list[Any]:
        async with self.world.database.read() as connection:
            rows = await connection.execute(select(duty_alert).order_by(duty_alert.c.id))
            return list(rows.all())
