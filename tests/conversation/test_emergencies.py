"""An emergency is answered with the number to call, filed and told to who is on duty: at once,
with the bot down as well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.tables import address, outbox
from backend.database.engine import Database
from backend.duty.tables import duty_alert, duty_officer
from backend.organisation.tables import user
from backend.petitions.filing import UNKNOWN_PLACE
from backend.petitions.tables import petition
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room, says

PHONE = "13800000001"


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


async def put_somebody_on_duty(room: Room) -> None:
    async with room.database.write() as connection:
        who = await connection.scalar(
            user.insert()
            .values(
                login="wang",
                name="王值班",
                password_hash="-",
                org_id=1,
                role="handler",
                created_at=room.clock.now(),
            )
            .returning(user.c.id)
        )
        await connection.execute(
            duty_officer.insert().values(
                org_id=1, user_id=who, phone=PHONE, created_at=room.clock.now(), created_by=who
            )
        )


async def rows(room: Room, table: Any) -> list[Any]:
    async with room.database.read() as connection:
        return list((await connection.execute(select(table).order_by(table.c.id))).all())


@pytest.mark.parametrize("bot_is_down", [False, True])
async def test_answered_filed_and_told_to_the_officer(room: Room, bot_is_down: bool) -> None:
    await put_somebody_on_duty(room)
    room.bot.down = bot_is_down
    await room.turns(await room.write("着火了救命"))
    (filed,) = await rows(room, petition)
    assert (filed.urgency, filed.domain) == ("emergency", "fire_safety")
    assert await room.said() == ["duty_alert", "emergency_fire,emergency_where"]
    async with room.database.read() as connection:
        told = await connection.execute(
            select(address.c.external_id, outbox.c.text)
            .join(address, address.c.id == outbox.c.address_id)
            .where(outbox.c.key == "duty_alert")
        )
        (alert,) = told.all()
    assert (alert.external_id, filed.number in alert.text) == (PHONE, True)
    assert "着火" not in alert.text
    assert room.bot.asked == []


async def test_what_is_urgent_and_no_emergency_wakes_nobody(room: Room) -> None:
    await put_somebody_on_duty(room)
    room.bot.answer = lambda request: {
        "schema": 1,
        "state": {},
        "replies": [{"from_effect": "f"}],
        "effects": [
            {
                "id": "f",
                "type": "file_petition",
                "kind": None,
                "text": request["message"]["text"],
                "place": "向阳村",
                "messages": request["message"]["ids"],
            }
        ],
        "busy": False,
        "reading": {"intent": "raise_petition", "confidence": 1.0},
        "model": "test",
    }
    await room.turns(await room.write("桥要塌了，没人敢过，快来看看"))
    (filed,) = await rows(room, petition)
    assert filed.urgency == "high"
    assert await rows(room, duty_alert) == []


async def test_the_officer_hears_the_place_when_the_citizen_answers_where(room: Room) -> None:
    await put_somebody_on_duty(room)
    await room.turns(await room.write("着火了救命"))
    (filed,) = await rows(room, petition)
    assert filed.place == UNKNOWN_PLACE
    room.bot.answer = lambda request: says(
        effects=[
            {
                "id": "a",
                "type": "add_to_petition",
                "number": filed.number,
                "text": request["message"]["text"],
                "place": "锦绣小区3号楼",
                "messages": request["message"]["ids"],
            }
        ]
    )
    await room.turns(await room.write("在锦绣小区3号楼"))
    assert await room.said() == [
        "duty_alert",
        "emergency_fire,emergency_where",
        "duty_place",
        "petition_added",
    ]
    told = [one for one in await rows(room, outbox) if one.key == "duty_place"]
    assert "锦绣小区3号楼" in told[0].text
