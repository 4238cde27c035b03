"""The conversation with everything real but the bot, which is scripted, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.bot_client import BotUnavailable
from backend.conversation.effects import Effects
from backend.conversation.inbox import Inbox
from backend.conversation.linking import PhoneLinking
from backend.conversation.reading import Readings
from backend.conversation.same_matters import SameMatters
from backend.conversation.signals import Signals
from backend.conversation.spool import Spool
from backend.conversation.tables import message, outbox
from backend.conversation.texts import Texts
from backend.conversation.turn import TurnTaker
from backend.conversation.worker import Worker
from backend.database.engine import Database
from backend.duty.alarm import PATIENCE, Alarm
from backend.guide.entries import load_guide
from backend.petitions.joinable import JoinableFinder
from backend.petitions.number import find_numbers
from backend.petitions.rules import PetitionRules, load_petition_rules
from backend.ports import Event, Inbound, MessageKind
from backend.triage import classifier
from backend.triage.entities import EntityReader, load_patterns
from backend.triage.freshness import is_current
from backend.triage.gazetteer import Gazetteer
from backend.triage.rules import load_rules
from backend.triage.tagger import Tagger
from backend.triage.training import train
from tests.conversation.conftest import HandClock
from tests.petitions.meanings import sentence_reader

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
MODEL = PROJECT / "var" / "models" / "triage.npz"

LOOKS = {"town": "wechat", "line": "sms"}

Answer = Callable[[dict[str, Any]], dict[str, Any]]


@cache
def petition_rules() -> PetitionRules:
    return load_petition_rules(DATA)


@cache
def texts() -> Texts:
    return Texts.load(DATA / "texts" / "replies.yml")


@cache
def readings() -> Readings:
    if not is_current(DATA, MODEL):
        train(DATA, MODEL, now=HandClock().now())
    return Readings(
        load_rules(DATA / "rules"),
        EntityReader(
            load_patterns(DATA / "rules"),
            Gazetteer(petition_rules().catalogue.divisions),
            Tagger(),
            find_numbers,
            petition_rules().catalogue.organisation,
        ),
        classifier.load(MODEL, DATA / "rules"),
        load_guide(DATA / "guide"),
    )


def says(*keys: str, effects: Any = (), busy: bool = False, prompt: Any = None) -> dict[str, Any]:
    """A bot's answer in the contract's form."""
    replies: list[dict[str, Any]] = [{"key": key, "params": {}} for key in keys]
    if prompt:
        replies[-1]["prompt"] = {"options": prompt}
    replies += [{"from_effect": effect["id"]} for effect in effects]
    return {
        "schema": 1,
        "state": {"seen": True},
        "replies": replies,
        "effects": list(effects),
        "busy": busy,
        "reading": {"intent": "test", "confidence": 1.0},
        "model": "test",
    }


class ScriptedBot:
    """Answers by `answer`; `down` makes it unavailable, `stuck` lets it never come to an end.
    Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.down = False
        self.stuck = False
        self.answer: Answer = lambda _request: says("greet")

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        if self.down or self.stuck:
            raise BotUnavailable("TimeoutError")
        return self.answer(request)

    async def health(self) -> dict[str, Any]:
        if self.down:
            raise BotUnavailable("down")
        return {"ok": True}


class Room:
    """`write` puts a message in, `turns` does what waits, `said` is what the outbox holds."""

    def __init__(self, database: Database, clock: HandClock, folder: Path) -> None:
        self.database, self.clock = database, clock
        self.bot = ScriptedBot()
        self.arrivals = Arrivals(database, clock)
        self.inbox = Inbox(database, Spool(folder), clock, lambda _: None)
        self.signals = Signals(None, clock)
        self.taker = TurnTaker(
            database,
            clock,
            self.bot,  # type: ignore[arg-type]
            Effects(
                readings(),
                petition_rules(),
                Alarm(texts(), LOOKS, PATIENCE),
                PhoneLinking(texts(), LOOKS, lambda: bytes(32)),
            ),
            readings(),
            texts(),
            LOOKS,
            SameMatters(JoinableFinder(database, sentence_reader()), readings(), petition_rules()),
        )
        self.worker = self.another_worker("first")
        self._count = 0

    def another_worker(self, name: str) -> Worker:
        return Worker(self.database, self.clock, name, self.taker, self.signals)

    async def write(
        self,
        text: str,
        *,
        who: str = "甲",
        kind: str = "text",
        event: Event | None = None,
        reply_within: float = 0.0,
        account: str = "town",
    ) -> int:
        """The message's citizen."""
        self._count += 1
        inbound = Inbound(
            LOOKS[account], account, who, f"m{self._count}", MessageKind(kind), text, event=event
        )
        (stored,) = await self.arrivals.store([Arrival(inbound, reply_within)])
        return stored.citizen_id

    async def turns(self, citizen_id: int) -> None:
        while await self.worker.take_turn(citizen_id):
            pass

    async def said(self) -> list[str]:
        async with self.database.read() as connection:
            rows = await connection.execute(select(outbox.c.key).order_by(outbox.c.id))
            return [row.key for row in rows]

    async def unread(self) -> list[str]:
        async with self.database.read() as connection:
            rows = await connection.execute(
                select(message.c.text).where(message.c.handled_at.is_(None)).order_by(message.c.id)
            )
            return [row.text for row in rows]
