"""A county's reception hall in this process: the real bot behind the real conversation code, a
database, officials, and a clock that the test moves. Nothing leaves for a provider; what was said
is what the outbox holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.bot_client import BotClient
from backend.conversation.effects import Effects
from backend.conversation.notices import ConversationNotifier
from backend.conversation.signals import Signals
from backend.conversation.tables import message, outbox, turn
from backend.conversation.turn import TurnTaker
from backend.conversation.worker import Worker
from backend.database.engine import Database
from backend.duty.alarm import PATIENCE, Alarm
from backend.organisation.sessions import Actor
from backend.petitions.desk import Desk
from backend.petitions.filing import FieldReading, MachineReading
from backend.petitions.outcomes import Done
from backend.petitions.tables import petition, petition_event, petition_message
from backend.ports import Event, GeoPoint, Inbound, MediaRef, MessageKind
from tests.conversation.room import petition_rules, readings, texts
from tests.petitions.world import Person, World

ACCOUNTS = {"wechat": "wx", "sms": "sms"}
SENDERS = {"wechat": "甲", "sms": "13700000007"}
LOOKS = {account: channel for channel, account in ACCOUNTS.items()}
BETWEEN_MESSAGES = timedelta(minutes=1)
STEPS_TO = {"received": 0, "accepted": 1, "dispatched": 2, "in_progress": 3, "resolved": 4}


@dataclass(frozen=True, slots=True)
class Said:
    """One message to the citizen: the keys of its texts, and its words."""

    keys: tuple[str, ...]
    text: str


@dataclass
class Hall:
    """One citizen, writing by `channel`."""

    world: World
    bot: BotClient
    channel: str
    person: Person
    official: Actor
    heard: list[Said] = field(default_factory=list)
    _sent: int = 0
    _seen: int = 0

    @classmethod
    async def open(cls, database: Database, bot: BotClient, channel: str) -> Hall:
        world = await World.create(database, petition_rules())
        person = await world.citizen(ACCOUNTS[channel], SENDERS[channel])
        return cls(world, bot, channel, person, await world.official("qinghe", "supervisor"))

    def __post_init__(self) -> None:
        world, signals = self.world, Signals(None, self.world.clock)
        self._arrivals = Arrivals(world.database, world.clock)
        taker = TurnTaker(
            world.database,
            world.clock,
            self.bot,
            Effects(readings(), world.rules, Alarm(texts(), LOOKS, PATIENCE)),
            readings(),
            texts(),
            LOOKS,
        )
        self._worker = Worker(world.database, world.clock, "hall", taker, signals)
        notifier = ConversationNotifier(texts(), LOOKS, signals, world.clock)
        self._desk = Desk(notifier, world.rules, world.clock)

    async def say(self, text: str) -> list[Said]:
        return await self._receive(MessageKind.TEXT, text=text)

    async def send_photo(self) -> list[Said]:
        kind = MessageKind.IMAGE
        return await self._receive(kind, media=[MediaRef(kind, f"photo-{self._sent}")])

    async def send_voice(self, recognised: str) -> list[Said]:
        kind = MessageKind.VOICE
        media = [MediaRef(kind, f"voice-{self._sent}")]
        return await self._receive(kind, text=recognised, media=media)

    async def send_place(self, latitude: float, longitude: float, label: str) -> list[Said]:
        point = GeoPoint(latitude, longitude, label)
        return await self._receive(MessageKind.LOCATION, text=label, place=point)

    async def follow(self) -> list[Said]:
        return await self._receive(MessageKind.EVENT, event=Event("subscribe"))

    def wait(self, hours: float) -> None:
        self.world.clock.move(timedelta(hours=hours))

    async def _receive(self, kind: MessageKind, **what: Any) -> list[Said]:
        """What was said since the last message."""
        self._sent += 1
        self.world.clock.move(BETWEEN_MESSAGES)
        account = ACCOUNTS[self.channel]
        inbound = Inbound(
            self.channel, account, SENDERS[self.channel], f"in-{self._sent}", kind, **what
        )
        await self._arrivals.store([Arrival(inbound)])
        return await self.take_turns()

    async def take_turns(self) -> list[Said]:
        """Do what waits, and hear what is said."""
        while await self._worker.take_turn(self.person.citizen_id):
            pass
        async with self.world.database.read() as connection:
            found = await connection.execute(
                select(outbox).where(outbox.c.id > self._seen).order_by(outbox.c.id)
            )
            rows = found.all()
        said = [Said(tuple(row.key.split(",")), row.text) for row in rows]
        self._seen = rows[-1].id if rows else self._seen
        self.heard += said
        return said

    async def file(self, told: Mapping[str, Any]) -> str:
        """A petition the citizen raised earlier, brought to its state; its number."""
        world, now = self.world, self.world.clock.now()
        world.clock.move(-timedelta(hours=told["hours_ago"]))
        filed = await world.file(
            self.person,
            text=told["text"],
            place=told["place"],
            place_code=None,
            kind=told["kind"],
            reading=MachineReading(
                FieldReading(told["kind"], 0.9),
                FieldReading(told["domain"], 0.9),
                FieldReading("normal", 0.9),
                told["text"][:30],
                "test",
            ),
        )
        await self._bring_to(filed.number, told["state"])
        world.clock.move(now - world.clock.now())
        await self.take_turns()
        return filed.number

    async def _bring_to(self, number: str, state: str) -> None:
        lead = self.world.orgs["chengguan_enforcement"].id
        steps = [("accept",), ("dispatch", lead), ("start",), ("answer", "已处理。")]
        for step in steps[: STEPS_TO[state]]:
            await self.do(number, *step)

    async def do(self, number: str, step: str, *args: Any) -> None:
        """One step of an official of the county."""
        version = (await self.world.row(number)).version
        async with self.world.database.write() as connection:
            method = getattr(self._desk, step)
            outcome = await method(connection, self.official, number, version, *args)
        assert isinstance(outcome, Done), outcome

    async def petitions(self) -> list[Any]:
        """Rows of every petition, oldest first."""
        async with self.world.database.read() as connection:
            return list((await connection.execute(select(petition).order_by(petition.c.id))).all())

    async def effects(self, type_: str) -> list[Mapping[str, Any]]:
        """What the turns did of that type, in order."""
        async with self.world.database.read() as connection:
            done = await connection.scalars(select(turn.c.effects).order_by(turn.c.id))
            return [one for effects in done for one in effects or () if one["type"] == type_]

    async def photos_of(self, petition_id: int) -> int:
        """How many photos came with the petition's messages."""
        async with self.world.database.read() as connection:
            counted = await connection.scalar(
                select(func.coalesce(func.sum(message.c.media_count), 0))
                .join(petition_message, petition_message.c.message_id == message.c.id)
                .where(petition_message.c.petition_id == petition_id)
            )
        return int(counted or 0)

    async def events(self, type_: str) -> list[Any]:
        """Events of that type of any petition, with its `number`, oldest first."""
        async with self.world.database.read() as connection:
            found = await connection.execute(
                select(petition_event, petition.c.number)
                .join(petition, petition.c.id == petition_event.c.petition_id)
                .where(petition_event.c.type == type_)
                .order_by(petition_event.c.id)
            )
            return list(found.all())
