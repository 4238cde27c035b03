"""Where a citizen is just now: a hint for one question, kept for minutes, stored nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from ports_in_memory import FakeClock, MemoryStore
from sqlalchemy import inspect, select

from backend.conversation.gateway import ConversationGateway
from backend.conversation.tables import message
from backend.conversation.turn import TurnTaker
from backend.conversation.whereabouts import FRESH_SECONDS, Whereabouts
from backend.database.engine import Database
from backend.ports import GeoPoint
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room, readings

POPLARS = GeoPoint(33.45330, 113.55401)


class Town:
    """A room whose turns know where citizens are."""

    def __init__(self, database: Database, clock: HandClock, folder: Path) -> None:
        self.time = FakeClock()
        self.store = MemoryStore(self.time)
        self.room = Room(database, clock, folder / "spool")
        known = Whereabouts(self.store)
        taker: TurnTaker = self.room.taker
        taker._whereabouts = known
        unused = cast(Any, None)
        self.gateway = ConversationGateway(database, unused, unused, clock, "me", whereabouts=known)

    async def asked_with(self) -> Any:
        await self.room.turns(await self.room.write("路灯坏了好几天"))
        return self.room.bot.asked[-1]["context"]["nearby"]


@pytest.fixture
def town(database: Database, clock: HandClock, tmp_path: Path) -> Town:
    return Town(database, clock, tmp_path)


async def test_the_bot_is_told_the_place_while_it_is_fresh(town: Town) -> None:
    assert await town.asked_with() is None
    await town.gateway.whereabouts("town", "甲", POPLARS)
    assert await town.asked_with() == "柳河镇杨树沟村"
    await town.time.advance(FRESH_SECONDS + 1)
    assert await town.asked_with() is None


async def test_a_later_report_replaces_the_earlier(town: Town) -> None:
    await town.asked_with()
    await town.gateway.whereabouts("town", "甲", POPLARS)
    await town.gateway.whereabouts("town", "甲", GeoPoint(39.9, 116.4))
    assert await town.asked_with() is None


async def test_nothing_is_kept_of_strangers_and_nothing_is_stored(
    town: Town, database: Database
) -> None:
    await town.asked_with()
    await town.gateway.whereabouts("town", "陌生人", POPLARS)
    await town.gateway.whereabouts("line", "甲", POPLARS)
    assert town.store.values == {}
    await town.gateway.whereabouts("town", "甲", POPLARS)
    (kept,) = town.store.values.values()
    assert kept[0] == "33.453,113.554"
    async with database.read() as connection:
        rows = (await connection.execute(select(message))).all()
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert [row.kind for row in rows] == ["text"]
    assert not any("where" in name for name in tables)


async def test_a_store_that_is_away_delays_nobody_for_long(town: Town) -> None:
    class Stuck(MemoryStore):
        async def get(self, key: str) -> str | None:
            raise TimeoutError

    assert await Whereabouts(Stuck(town.time)).of(1) is None


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("青禾县柳河镇杨树沟村", "青禾县柳河镇杨树沟村"),
        ("", "柳河镇杨树沟村"),
        ("无名路旁的水塔", "柳河镇杨树沟村无名路旁的水塔"),
    ],
)
async def test_a_place_sent_is_read_with_its_village(label: str, words: str) -> None:
    sent = {"latitude": POPLARS.latitude, "longitude": POPLARS.longitude, "label": label}
    assert readings().place_words(sent) == words
    found = await readings().entities(words, (HandClock().now()).date())
    place = next(one for one in found if one["entity"] == "place")
    assert place["code"] == "990101102205"
    assert place["value"].startswith(words[:7])


async def test_far_away_the_label_is_all_there_is() -> None:
    sent = {"latitude": 39.9, "longitude": 116.4, "label": "天安门广场"}
    assert readings().place_words(sent) == "天安门广场"
    assert readings().place_words({**sent, "label": ""}) == ""
