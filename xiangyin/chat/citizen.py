"""One citizen of a room: what they send, and what they are told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from backend.conversation.arrivals import Arrival, Arrivals
from backend.conversation.media_files import store_file
from backend.conversation.tables import address, conversation, media, message, outbox
from backend.conversation.turns import MOST_FAILURES
from backend.ports import Event, GeoPoint, Inbound, MediaRef, MessageKind
from xiangyin.chat.room import ACCOUNTS, SIMULATOR, ChatUnavailable, Room

SMS = "sms"
# Numbers of the simulator's and of nobody else.
PHONES = "199"
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message to the citizen: the keys of its texts, and its words."""

    key: str
    text: str


async def newcomer(room: Room, channel: str) -> Citizen:
    """Someone who has not written to this room before."""
    async with room.parts.database.glance() as connection:
        known = await connection.scalar(select(func.count()).select_from(address)) or 0
    return Citizen(room, channel, f"{PHONES}{known:08d}" if channel == SMS else f"chat-{known}")


class Citizen:
    """Writes by `channel` (wechat, sms) from an address of their own."""

    def __init__(self, room: Room, channel: str, address: str) -> None:
        self.room = room
        self.channel = channel
        self.address = address
        self.id: int | None = None
        self._arrivals = Arrivals(room.parts.database, room.clock)
        self._heard_up_to = 0

    async def say(self, text: str) -> list[Heard]:
        return await self._send(MessageKind.TEXT, text=text)

    async def send_place(self, point: GeoPoint) -> list[Heard]:
        return await self._send(MessageKind.LOCATION, text=point.label, place=point)

    async def follow(self) -> list[Heard]:
        return await self._send(MessageKind.EVENT, event=Event("subscribe"))

    async def send_photo(self, data: bytes) -> list[Heard]:
        """Raises MediaRefused for what is no picture; then nothing was sent."""
        parts = self.room.parts
        kept = await asyncio.to_thread(store_file, parts.settings.media_dir, data)
        message_id = await self._store(
            MessageKind.IMAGE, media=(MediaRef(MessageKind.IMAGE, kept.sha256),)
        )
        async with parts.database.write() as connection:
            await connection.execute(
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
                    stored_at=self.room.clock.now(),
                )
            )
        return await self.listen()

    async def wait(self, time: timedelta) -> list[Heard]:
        self.room.clock.forward(time)
        return await self.listen()

    async def listen(self) -> list[Heard]:
        """Let the app do what waits, and hear what it says. Raises ChatUnavailable."""
        if self.id is None:
            return []
        # A turn that fails is tried again later; here later comes at once.
        for _ in range(MOST_FAILURES + 1):
            while await self.room.parts.worker.take_turn(self.id):
                pass
            retry_at = await self._retry_at()
            if retry_at is None:
                break
            self.room.check_bot()
            self.room.clock.forward(retry_at - self.room.clock.now())
        else:
            raise ChatUnavailable("机器人一直答不出来")
        return await self._hear()

    async def _send(self, kind: MessageKind, **content: Any) -> list[Heard]:
        await self._store(kind, **content)
        return await self.listen()

    async def _store(self, kind: MessageKind, **content: Any) -> int:
        inbound = Inbound(
            channel=SIMULATOR,
            account=ACCOUNTS[self.channel],
            address=self.address,
            external_id=f"{self.address}:{next(_serial)}",
            kind=kind,
            sent_at=self.room.clock.now(),
            raw=str(content.get("text", "")).encode(errors="replace"),
            **content,
        )
        (stored,) = await self._arrivals.store([Arrival(inbound)])
        self.id = stored.citizen_id
        return stored.message_id

    async def _retry_at(self) -> datetime | None:
        """When what still waits is tried again; None where nothing waits."""
        async with self.room.parts.database.glance() as connection:
            found: datetime | None = await connection.scalar(
                select(conversation.c.retry_at)
                .join(message, message.c.citizen_id == conversation.c.citizen_id)
                .where(message.c.citizen_id == self.id, message.c.handled_at.is_(None))
                .where(message.c.kind != "internal")
            )
        return found

    async def _hear(self) -> list[Heard]:
        now = self.room.clock.now()
        async with self.room.parts.database.write() as connection:
            rows = await connection.execute(
                select(outbox.c.id, outbox.c.key, outbox.c.text)
                .where(outbox.c.citizen_id == self.id, outbox.c.id > self._heard_up_to)
                .order_by(outbox.c.id)
            )
            found: Sequence[Any] = rows.all()
            await connection.execute(
                update(outbox)
                .where(outbox.c.citizen_id == self.id, outbox.c.state == "queued")
                .values(state="delivered", route="active", attempts=1, sent_at=now, final_at=now)
            )
        if found:
            self._heard_up_to = found[-1].id
        return [Heard(row.key, row.text) for row in found]
