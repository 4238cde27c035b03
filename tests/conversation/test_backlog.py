"""What an operator looks at first."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from backend.conversation import backlog
from backend.conversation.tables import outbox
from backend.database.engine import Database
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room


async def test_what_waits_and_since_when(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    began = clock.now()
    who = await room.write("路灯坏了")
    clock.pass_(60)
    await room.write("下水道堵了", who="乙")
    async with database.read() as connection:
        waiting = {one.name: one for one in await backlog.lines(connection, clock.now())}
    assert (waiting["unread"].number, waiting["unread"].oldest) == (2, began)
    assert (waiting["due"].number, waiting["due"].oldest) == (0, None)
    await room.turns(who)
    async with database.read() as connection:
        waiting = {one.name: one for one in await backlog.lines(connection, clock.now())}
    assert (waiting["unread"].number, waiting["due"].number) == (1, 1)


async def test_what_went_wrong_in_the_last_day_by_reason(
    database: Database, clock: HandClock, tmp_path: Path
) -> None:
    room = Room(database, clock, tmp_path)
    for name in ("甲", "乙", "丙"):
        await room.turns(await room.write("路灯坏了", who=name))
    async with database.write() as connection:
        await connection.execute(
            update(outbox).where(outbox.c.id < 3).values(state="failed", error="45015")
        )
        (one,) = await backlog.troubles(connection, clock.now())
        assert (one.account, one.state, one.error, one.number) == ("town", "failed", "45015", 2)
        later = clock.now() + backlog.LATELY + timedelta(seconds=1)
        assert await backlog.troubles(connection, later) == []
