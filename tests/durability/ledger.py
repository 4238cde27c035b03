"""What was sent and acknowledged, and whether the database and the citizens agree with it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp
from sqlalchemy import func, select

from backend.conversation.tables import address, message, outbox, turn
from backend.database.engine import Database
from backend.petitions.tables import petition
from channels.wechat.quota import MOST_AT_ONCE
from tests.durability.world import World

CYCLES = 4
# Too short to be read together with what follows.
NO_MORE = "不用"
SETTLE_SECONDS = 150.0
TRY_SECONDS = 5.0
PATIENCE_SECONDS = 240.0


@dataclass
class Ledger:
    """Each citizen raises `CYCLES` petitions: the words, the confirmation, 'no more'."""

    world: World
    citizens: int
    sent: dict[str, list[str]] = field(default_factory=dict)
    shown: dict[str, list[str]] = field(default_factory=dict)

    async def send_all(self) -> None:
        names = [f"o-citizen-{each:03}" for each in range(self.citizens)]
        await asyncio.gather(*map(self._speak, names))

    async def _speak(self, who: str) -> None:
        self.world.platform.follow(who)
        number = int(who[-3:])
        # Every other citizen's answers ride back in the reply, the others' are pushed.
        wechat = self.world.wechat(("town", "village")[number % 2])
        for cycle in range(CYCLES):
            words = f"锦绣小区{number * 10 + cycle + 1}号楼下水道堵了一个月没人管"
            for text in (words, "1", NO_MORE):
                content = {
                    "MsgType": "text",
                    "Content": text,
                    "MsgId": str(10_000_000 + number * 1000 + len(self.sent.get(who, []))),
                }
                answer = await self._until_acknowledged(
                    lambda: wechat.balanced(wechat.signed_url()), wechat.body(who, content)
                )
                self.sent.setdefault(who, []).append(text)
                if answer:
                    self.shown.setdefault(who, []).append(answer)

    async def _until_acknowledged(self, signed_url, body: bytes) -> str:  # type: ignore[no-untyped-def]
        """Post as WeChat does, with its 5 s, but on until it is accepted."""
        timeout = aiohttp.ClientTimeout(total=TRY_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            end = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < end:
                try:
                    async with http.post(signed_url(), data=body) as response:
                        answer = await response.read()
                        if response.status == 200:
                            return answer.decode()
                except (aiohttp.ClientError, TimeoutError, OSError):
                    pass
                await asyncio.sleep(0.2)
        raise TimeoutError(self.world.log_tail())

    async def settled(self, database: Database) -> None:
        """Wait until nothing is under way any more."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            async with database.read() as connection:
                unread = (
                    await connection.execute(
                        select(func.count(message.c.id)).where(message.c.handled_at.is_(None))
                    )
                ).scalar_one()
                unsent = (
                    await connection.execute(
                        select(func.count(outbox.c.id)).where(
                            outbox.c.state.in_(("queued", "sending"))
                        )
                    )
                ).scalar_one()
            if not unread and not unsent:
                return
            if time.monotonic() > end:
                raise TimeoutError(f"{unread} unread, {unsent} unsent; {self.world.log_tail()}")
            await asyncio.sleep(0.2)

    async def check(self, database: Database) -> Counter[str]:
        """None lost, effects once, order kept; states of the answers are returned."""
        async with database.read() as connection:
            for who, texts in self.sent.items():
                citizen_id = (
                    await connection.execute(
                        select(address.c.citizen_id).where(address.c.external_id == who)
                    )
                ).scalar_one()
                rows = (
                    await connection.execute(
                        select(message.c.id, message.c.text)
                        .where(message.c.citizen_id == citizen_id)
                        .order_by(message.c.id)
                    )
                ).all()
                assert [row.text for row in rows] == texts, f"{who}: lost, doubled or out of order"
                read = [
                    message_id
                    for row in await connection.execute(
                        select(turn.c.message_ids)
                        .where(turn.c.citizen_id == citizen_id, turn.c.committed_at.is_not(None))
                        .order_by(turn.c.seq)
                    )
                    for message_id in row.message_ids
                ]
                assert read == [row.id for row in rows], f"{who}: read twice or out of order"
                filed = (
                    await connection.execute(
                        select(petition.c.text, petition.c.number)
                        .where(petition.c.citizen_id == citizen_id)
                        .order_by(petition.c.id)
                    )
                ).all()
                assert [row.text for row in filed] == texts[::3], await _history(connection, who)
                await self._check_answers(connection, who, [row.number for row in filed])
            states = await connection.execute(
                select(outbox.c.state, func.count()).group_by(outbox.c.state)
            )
            return Counter({row[0]: row[1] for row in states})

    async def _check_answers(self, connection, who: str, numbers: list[str]) -> None:  # type: ignore[no-untyped-def]
        """Each number reached its citizen once, or its row says that nobody knows."""
        seen = [*self.shown.get(who, ()), *_pushed(self.world, who)]
        for number in numbers:
            copies = sum(number in text for text in seen)
            row = (
                await connection.execute(
                    select(outbox.c.state, outbox.c.route, outbox.c.error).where(
                        outbox.c.text.contains(number), outbox.c.key.like("petition_filed%")
                    )
                )
            ).one()
            assert copies <= 1, f"{who}: {number} told {copies} times"
            if copies == 0:
                # Who writes twelve messages before the first answer gets five of them (WeChat's
                # quota); the others wait for the next contact.
                used_up = len(_pushed(self.world, who)) >= MOST_AT_ONCE
                waits = row.state == "kept" and str(row.error).startswith("no push left")
                assert (waits and used_up) or row.state == "unknown", (
                    f"{who}: {number} never told, yet {row}"
                )


async def _history(connection, who: str) -> str:  # type: ignore[no-untyped-def]
    """Every turn of the citizen: what was read in it and what was answered."""
    rows = await connection.execute(
        select(turn)
        .join(address, address.c.citizen_id == turn.c.citizen_id)
        .where(address.c.external_id == who)
        .order_by(turn.c.seq)
    )
    return f"{who}: " + "\n".join(str(dict(row._mapping)) for row in rows)


def _pushed(world: World, who: str) -> list[str]:
    return [pushed.text for pushed in world.platform.pushed if pushed.openid == who]
