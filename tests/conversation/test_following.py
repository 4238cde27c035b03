"""Following, leaving and scanning a code: what is kept, said, and no longer sent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.addresses import load_accounts
from backend.conversation.scanned import COUNTS_FOR, read_scene
from backend.conversation.sender import Sender
from backend.conversation.tables import address, citizen, consent_event, outbox
from backend.database.engine import Database
from backend.petitions.tables import petition_event
from backend.ports import Event, Outbound, Sent
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room, petition_rules, says

JINXIU = "place:990101101003"
HALL = "counter:chengguan_reception"


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


async def happens(room: Room, name: str, key: str = "") -> None:
    who = await room.write("", kind="event", event=Event(name, key), reply_within=4.5)
    await room.turns(who)


async def ledger(room: Room) -> list[tuple[str, str, str]]:
    async with room.database.read() as connection:
        rows = await connection.execute(select(consent_event).order_by(consent_event.c.id))
        return [(row.service, row.decision, row.words) for row in rows]


async def current(room: Room) -> Any:
    async with room.database.read() as connection:
        return (await connection.execute(select(address))).one()


async def last_words(room: Room) -> str:
    async with room.database.read() as connection:
        found = await connection.execute(select(outbox.c.text).order_by(outbox.c.id.desc()))
        return str(found.scalars().first())


async def test_a_follower_is_welcomed_without_the_bot_and_consents(room: Room) -> None:
    room.bot.down = True
    await happens(room, "subscribe")
    assert await room.said() == ["welcome,consent_by_following"]
    assert await ledger(room) == [("handling", "consent", "关注")]


async def test_the_code_they_came_by_says_the_village(room: Room) -> None:
    await happens(room, "subscribe", JINXIU)
    assert await room.said() == ["welcome,scanned_place,consent_by_following"]
    assert "城关镇锦绣社区" in await last_words(room)
    async with room.database.read() as connection:
        assert await connection.scalar(select(citizen.c.home_place)) == "城关镇锦绣社区"
    await room.turns(await room.write("你好"))
    told = room.bot.asked[-1]["context"]["here"]
    assert told == {"place": "城关镇锦绣社区", "code": "990101101003"}
    room.clock.pass_(COUNTS_FOR.total_seconds() + 1)
    await room.turns(await room.write("你好"))
    assert "here" not in room.bot.asked[-1]["context"]


async def test_a_counter_is_noted_with_what_is_raised_there(room: Room) -> None:
    await happens(room, "scan", HALL)
    assert await room.said() == ["scanned_counter"]
    assert "城关镇党群服务中心" in await last_words(room)
    room.bot.answer = lambda request: says(
        effects=[
            {
                "id": "e1",
                "type": "file_petition",
                "kind": None,
                "text": "路灯坏了半个月",
                "place": "北关社区",
                "messages": request["message"]["ids"],
            }
        ]
    )
    await room.turns(await room.write("路灯坏了半个月"))
    assert "here" not in room.bot.asked[-1]["context"]  # a hall is no village
    async with room.database.read() as connection:
        query = select(petition_event.c.detail).where(petition_event.c.type == "received")
        assert (await connection.execute(query)).scalar_one()["counter"] == "城关镇党群服务中心"


async def test_a_code_scanned_amid_a_matter_goes_to_the_bot(room: Room) -> None:
    room.bot.answer = lambda _: says("ask_place", busy=True)
    await room.turns(await room.write("路灯坏了"))
    await happens(room, "scan", JINXIU)
    assert room.bot.asked[-1]["message"]["event"] == "scan"
    assert room.bot.asked[-1]["context"]["here"]["code"] == "990101101003"


async def test_a_code_of_unknown_meaning_is_answered(room: Room) -> None:
    await happens(room, "scan", "place:1'; DROP\x00")
    assert await room.said() == ["scanned_unknown"]


async def test_who_leaves_is_sent_nothing_and_may_come_back(room: Room) -> None:
    await happens(room, "subscribe")
    await happens(room, "unsubscribe")
    assert await room.said() == ["welcome,consent_by_following"]
    assert (await current(room)).left_at is not None
    assert (await ledger(room))[1:] == [
        ("handling", "left", "取消关注"),
        ("pushes", "opt_out", "取消关注"),
    ]
    sent = await send(room)
    assert (sent, await states(room)) == ([], ["kept"])

    await happens(room, "subscribe")
    assert (await current(room)).left_at is None
    assert (await ledger(room))[3:] == [
        ("handling", "consent", "关注"),
        ("pushes", "opt_in", "关注"),
    ]
    assert len(await send(room)) == 2  # what was kept, and the welcome
    assert set(await states(room)) == {"sent"}


async def test_who_opted_out_in_words_stays_out_when_they_come_back(room: Room) -> None:
    await room.turns(await room.write("退订"))
    await happens(room, "unsubscribe")
    await happens(room, "subscribe")
    pushes = [decision for service, decision, _ in await ledger(room) if service == "pushes"]
    assert pushes == ["opt_out"]


async def test_who_writes_follows_even_where_the_event_was_lost(room: Room) -> None:
    await happens(room, "unsubscribe")
    await room.turns(await room.write("你好"))
    assert (await current(room)).left_at is None


async def test_a_click_names_its_command(room: Room) -> None:
    await happens(room, "menu", "menu.progress")
    await happens(room, "menu", "of another program")
    assert [one["message"]["command"] for one in room.bot.asked] == ["progress", "help"]


def test_a_villages_own_office_says_the_village() -> None:
    catalogue, now = petition_rules().catalogue, HandClock().now()
    found = read_scene("counter:chengguan_003", now, now, catalogue)
    assert found is not None
    assert (found.place_code, found.counter) == ("990101101003", "chengguan_003")
    assert read_scene("place:990101101", now, now, catalogue) is None  # a township
    assert read_scene(JINXIU, now - COUNTS_FOR - timedelta(seconds=1), now, catalogue) is None


class Taking:
    """A channel that takes everything."""

    idempotent = False

    def __init__(self) -> None:
        self.sent: list[Outbound] = []

    async def send(self, message: Outbound) -> Sent:
        self.sent.append(message)
        return Sent()


async def send(room: Room) -> list[Outbound]:
    """Send what is due; what the channel was given."""
    room.clock.pass_(10)
    channel = Taking()
    sender = Sender(room.database, room.clock, "test", {"town": channel})  # type: ignore[dict-item]
    async with room.database.read() as connection:
        sender._by_id = {(await load_accounts(connection))["town"].id: channel}  # type: ignore[dict-item]
    while True:
        await sender._fill()
        if not sender._sending:
            return channel.sent
        for task in list(sender._sending):
            await task
        await sender._record_once()


async def states(room: Room) -> list[str]:
    async with room.database.read() as connection:
        rows = await connection.execute(select(outbox.c.state).order_by(outbox.c.id))
        return [row.state for row in rows]
