"""A phone number that is known at two accounts of a pool is linked, freed and taken over as one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from backend.conversation.phone_owner import SILENT_TOO_LONG
from backend.conversation.tables import address
from backend.database.engine import Database
from backend.organisation.tables import account
from tests.conversation.conftest import HandClock
from tests.conversation.room import LOOKS, Room
from tests.conversation.test_linking import PHONE, code, link, says


@pytest.fixture
async def room(
    database: Database, clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Room:
    """The accounts `line` and `second`, one pool."""
    monkeypatch.setitem(LOOKS, "second", "sms")
    async with database.write() as connection:
        org_id = await connection.scalar(select(account.c.org_id).limit(1))
        second = {"name": "second", "channel": "sms", "org_id": org_id, "note": ""}
        await connection.execute(account.insert().values(**second))
        await connection.execute(
            update(account).where(account.c.channel == "sms").values(pool="both")
        )
    return Room(database, clock, tmp_path)


async def owners(room: Room, external_id: str) -> list[int]:
    """Of its current addresses."""
    async with room.database.read() as connection:
        found = await connection.execute(
            select(address.c.citizen_id)
            .where(address.c.external_id == external_id, address.c.ended_at.is_(None))
            .order_by(address.c.id)
        )
        return list(found.scalars())


async def test_it_is_linked_and_freed_at_both(room: Room) -> None:
    for name in ("line", "second"):
        await room.turns(await room.write("路灯坏了", who=PHONE, account=name))
    assert len(set(await owners(room, PHONE))) == 1
    assert await link(room) == "linked"
    [wechat] = await owners(room, "甲")
    assert await owners(room, PHONE) == [wechat, wechat]
    assert await says(room, "解绑手机") == "unlinked"
    freed = await owners(room, PHONE)
    assert len(freed) == 2
    assert len(set(freed)) == 1
    assert wechat not in freed


async def test_who_had_it_before_loses_it_at_both(room: Room) -> None:
    for name in ("line", "second"):
        await room.turns(await room.write("路灯坏了", who=PHONE, account=name))
    [old] = set(await owners(room, PHONE))
    room.clock.pass_((SILENT_TOO_LONG + timedelta(days=1)).total_seconds())
    assert await says(room, f"绑定手机{PHONE}") == "link_code_sent"
    assert await says(room, await code(room)) == "linked"
    [wechat] = await owners(room, "甲")
    assert await owners(room, PHONE) == [wechat]
    assert wechat != old
    await room.turns(await room.write("还有一件事", who=PHONE, account="second"))
    assert await owners(room, PHONE) == [wechat, wechat]
