"""The demo county's citizens writing: messages in, turns taken, answers out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import lease as leases
from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.media_files import store_file
from backend.conversation.tables import media, outbox
from backend.conversation.turn import TurnTaker
from backend.ports import Inbound, MediaRef, MessageKind
from xiangyin.demo.accounts import DEMO_ACCOUNTS
from xiangyin.demo.dialogue import Remembered, StoryBot
from xiangyin.demo.pictures import draw
from xiangyin.demo.stage import StoryClock
from xiangyin.demo.stories import DemoDataError, Motif, Placed

# 1990000 and four digits: numbers of the demo county and of nobody else.
PHONE_RANGE = "1990000"
FIRST_PHONE = 1000
AGREEING = ("1", "1", "对", "对的", "嗯对", "提交吧", "是的", "对，提交", "可以")
OWNER = "demo"
LEASE_SECONDS = 60.0
# A dialogue that is not at its end after so many answers will never be.
MOST_ANSWERS = 4


@dataclass(slots=True)
class Person:
    """Who writes: their address on one channel, a phone, and what the dialogue remembers."""

    channel: str
    address: str
    phone: str
    citizen_id: int = 0
    remembered: Remembered = field(default_factory=Remembered)


class Citizens:
    """Knows every person of the stories and lets them write."""

    def __init__(
        self,
        connection: AsyncConnection,
        arrivals: Arrivals,
        taker: TurnTaker,
        bot: StoryBot,
        clock: StoryClock,
        media_folder: Path,
    ) -> None:
        self._connection = connection
        self._arrivals = arrivals
        self._taker = taker
        self._bot = bot
        self._clock = clock
        self._media_folder = media_folder
        self._people: dict[str, Person] = {}
        self._written = 0

    def person(self, index: int, placed: Placed) -> Person:
        """The story's person; stories with the same `who` and channel share one."""
        story = placed.story
        key = f"{story.channel}:{story.who or index}"
        if key not in self._people:
            phone = f"{PHONE_RANGE}{FIRST_PHONE + len(self._people):04d}"
            address = f"demo-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
            self._people[key] = Person(
                story.channel, phone if story.channel == "sms" else address, phone
            )
        return self._people[key]

    async def file(self, index: int, placed: Placed, chance: Random) -> None:
        """From the first words to the petition's number. Raises DemoDataError where the dialogue
        does not come to it."""
        story, who = placed.story, self.person(index, placed)
        await self.write(who, story.messages, "raise_petition", photo=story.photo)
        for _ in range(MOST_ANSWERS):
            draft = who.remembered.draft
            if draft is None:
                return
            self._clock.time += timedelta(seconds=chance.randint(15, 140))
            if draft.stage == "place":
                await self.write(who, [story.place or placed.where], "inform")
            elif draft.stage == "confirm":
                await self.write(who, [chance.choice(AGREEING)], "affirm")
            elif draft.stage in ("addition", "another"):
                await self.write(who, ["2"], "choose")
            else:
                break
        if who.remembered.draft is not None:
            raise DemoDataError(f"{story.messages[0]}: asked {who.remembered.draft.stage}")

    async def write(
        self,
        who: Person,
        texts: Sequence[str],
        meaning: str,
        *,
        photo: Motif | None = None,
    ) -> None:
        """Messages within a minute, and the turn that reads them."""
        arrivals = [Arrival(self._inbound(who, text)) for text in texts]
        if photo:
            arrivals.append(Arrival(self._picture(who, photo)))
        stored = await self._arrivals.store(arrivals)
        who.citizen_id = stored[0].citizen_id
        if photo:
            await self._keep_picture(stored[-1].message_id, photo)
        await self.take_turns(who, meaning)

    async def take_turns(self, who: Person, meaning: str) -> None:
        """Turns until nothing of theirs waits; then what is to be said has been sent."""
        self._bot.meaning, self._bot.citizen = meaning, who.remembered
        while True:
            now = self._clock.now()
            lease = await leases.take(self._connection, who.citizen_id, OWNER, now, LEASE_SECONDS)
            if lease is None:
                raise DemoDataError(f"the conversation of {who.address} is held")
            turn = await self._taker.begin(self._connection, lease, now)
            if turn is None:
                await leases.give_back(self._connection, lease)
                break
            await self._taker.take(lease, turn)
        await self.sent()

    async def sent(self) -> None:
        """What is queued has reached its phone by the time of the next step."""
        now = self._clock.now()
        await self._connection.execute(
            update(outbox)
            .where(outbox.c.state == "queued")
            .values(
                state="delivered",
                route="active",
                attempts=1,
                sent_at=now + timedelta(seconds=2),
                final_at=now + timedelta(seconds=5),
            )
        )

    def _inbound(self, who: Person, text: str) -> Inbound:
        return self._message(who, MessageKind.TEXT, text=text)

    def _picture(self, who: Person, photo: Motif) -> Inbound:
        ref = MediaRef(MessageKind.IMAGE, f"demo:{photo}:{self._written}")
        return self._message(who, MessageKind.IMAGE, media=(ref,))

    def _message(
        self, who: Person, kind: MessageKind, *, text: str = "", media: Sequence[MediaRef] = ()
    ) -> Inbound:
        self._written += 1
        return Inbound(
            channel=who.channel,
            account=DEMO_ACCOUNTS[who.channel],
            address=who.address,
            external_id=f"demo:{self._written}",
            kind=kind,
            text=text,
            media=tuple(media),
            place=None,
            event=None,
            sent_at=self._clock.now(),
            raw=text.encode(),
        )

    async def _keep_picture(self, message_id: int, photo: Motif) -> None:
        kept = store_file(self._media_folder, draw(photo, message_id % 7))
        await self._connection.execute(
            update(media)
            .where(media.c.message_id == message_id)
            .values(
                state="stored",
                attempts=1,
                sha256=kept.sha256,
                content_type=kept.content_type,
                size=kept.size,
                width=kept.width,
                height=kept.height,
                stored_at=self._clock.now(),
            )
        )
