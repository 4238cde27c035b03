"""Webhooks that wait: woken by the signal, and without it by one poll for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.tables import message
from backend.conversation.waiters import Waiters
from backend.database.engine import Database
from tests.conversation.conftest import HandClock
from tests.conversation.room import Room

PATIENCE = 30.0


@pytest.fixture
def room(database: Database, clock: HandClock, tmp_path: Path) -> Room:
    return Room(database, clock, tmp_path)


async def messages(room: Room) -> list[int]:
    async with room.database.read() as connection:
        return list(await connection.scalars(select(message.c.id).order_by(message.c.id)))


async def test_a_turn_in_another_process_is_seen_without_any_signal(room: Room) -> None:
    citizens = [await room.write("路灯坏了", who=f"甲{number}") for number in range(3)]
    waiters = Waiters(room.database)
    waits = [
        asyncio.create_task(waiters.wait(each, PATIENCE, known=False))
        for each in await messages(room)
    ]
    for citizen in citizens:
        await room.turns(citizen)
    assert await asyncio.gather(*waits) == [True, True, True]
    assert not waiters._futures


async def test_many_who_wait_are_one_question(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        await room.write("路灯坏了", who=f"甲{number}")
    asked, polled = 0, asyncio.Event()
    glance = room.database.glance

    @asynccontextmanager
    async def counting() -> AsyncIterator[Any]:
        nonlocal asked
        async with glance() as connection:
            yield connection
        asked += 1
        polled.set()

    monkeypatch.setattr(room.database, "glance", counting)
    waiters = Waiters(room.database)
    ids = await messages(room)
    waits = [asyncio.create_task(waiters.wait(each, PATIENCE, known=False)) for each in ids]
    await polled.wait()
    assert asked == 1
    for each in ids:
        waiters.answered(each)
    assert all(await asyncio.gather(*waits))


async def test_a_retry_does_not_end_the_wait_of_the_first_try(room: Room) -> None:
    await room.write("路灯坏了")
    (which,) = await messages(room)
    waiters = Waiters(room.database)
    first = asyncio.create_task(waiters.wait(which, PATIENCE, known=False))
    assert not await waiters.wait(which, 0.0, known=True)
    waiters.answered(which)
    assert await first


async def test_with_sql_away_the_signal_still_wakes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = asyncio.Event()

    def away() -> Any:
        tried.set()
        raise ConnectionError

    monkeypatch.setattr(room.database, "glance", away)
    waiters = Waiters(room.database)
    waiting = asyncio.create_task(waiters.wait(1, PATIENCE, known=False))
    await tried.wait()
    waiters.answered(1)
    assert await waiting
