"""A phone number that has passed to another person."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from backend.conversation.addresses import pass_on
from backend.conversation.tables import address, address_event, outbox
from backend.database.engine import Database
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room


async def test_the_next_owner_of_a_number_gets_nothing_of_the_last(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    before = await room.write("路灯坏了", who="13800001234")
    await room.turns(before)
    async with database.write() as connection:
        address_id = (await connection.execute(select(address.c.id))).scalar_one()
        await pass_on(connection, address_id, clock.now())
    after = await room.write("你好", who="13800001234")
    assert after != before
    async with database.read() as connection:
        rows = (await connection.execute(select(outbox.c.state, outbox.c.error))).all()
        events = await connection.execute(select(address_event.c.type).order_by(address_event.c.id))
        assert [row.type for row in events] == ["opened", "passed_on", "opened"]
    assert [row.state for row in rows] == ["failed"]
    await room.turns(after)
    assert (await room.said())[1:] == ["greet"]
