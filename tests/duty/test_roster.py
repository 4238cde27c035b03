"""The roster is kept within the branch, by administrators, and every change is audited."""

from __future__ import annotations

from datetime import date

import pytest

from backend.duty.roster import (
    MOST_OF_AN_OFFICE,
    DutyRefused,
    entries,
    people,
    put_on_duty,
    take_off_duty,
)
from backend.organisation.audit import audit_events
from backend.organisation.sessions import Actor
from backend.petitions.rules import today
from tests.duty.watch_room import WatchRoom

PHONE = "13800000001"


async def put(room: WatchRoom, by: Actor, office: str, user_id: int, **changes: object) -> int:
    day = today(room.world.now)
    given = {"phone": PHONE, "on_date": None, "weekday": None, "today": day, **changes}
    async with room.world.database.write() as connection:
        return await put_on_duty(
            connection,
            by,
            org_id=room.world.orgs[office].id,
            user_id=user_id,
            now=room.world.now,
            **given,  # type: ignore[arg-type]
        )


async def test_an_administrator_sees_and_changes_their_own_branch_only(room: WatchRoom) -> None:
    officer, entry = await room.on_duty("liuhe", "柳河值班", PHONE)
    town = await room.world.official("chengguan", "admin")
    async with room.world.database.write() as connection:
        assert await entries(connection, town, today(room.world.now)) == []
        assert officer.user_id not in {one.id for one in await people(connection, town)}
        assert not await take_off_duty(connection, town, entry, room.world.now)
    with pytest.raises(DutyRefused, match="user"):
        await put(room, town, "liuhe", officer.user_id)
    with pytest.raises(DutyRefused, match="user"):
        await put(room, town, "chengguan", officer.user_id)


async def test_nobody_but_administrators(room: WatchRoom) -> None:
    officer, entry = await room.on_duty("chengguan", "王值班", PHONE)
    handler = await room.world.official("chengguan", "supervisor")
    with pytest.raises(DutyRefused, match="forbidden"):
        await put(room, handler, "chengguan", officer.user_id)
    async with room.world.database.write() as connection:
        assert await entries(connection, handler, today(room.world.now)) == []
        with pytest.raises(DutyRefused, match="forbidden"):
            await take_off_duty(connection, handler, entry, room.world.now)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"phone": "12345"}, "phone"), ({"phone": "1380000000x"}, "phone"),
     ({"on_date": date(2026, 11, 22)}, "day")],
)  # fmt: skip
async def test_what_is_not_taken(room: WatchRoom, changes: dict[str, object], problem: str) -> None:
    with pytest.raises(DutyRefused, match=problem):
        await put(room, room.head, "qinghe", room.head.user_id, **changes)


async def test_no_more_than_can_be_looked_through(room: WatchRoom) -> None:
    for _ in range(MOST_OF_AN_OFFICE):
        await put(room, room.head, "qinghe", room.head.user_id)
    with pytest.raises(DutyRefused, match="many"):
        await put(room, room.head, "qinghe", room.head.user_id)


async def test_the_phone_is_masked_and_days_gone_by_are_left_out(room: WatchRoom) -> None:
    await put(room, room.head, "qinghe", room.head.user_id, on_date=date(2026, 11, 24))
    async with room.world.database.read() as connection:
        (entry,) = await entries(connection, room.head, today(room.world.now))
        assert (entry.phone, entry.on_date) == ("138****0001", date(2026, 11, 24))
        assert await entries(connection, room.head, date(2026, 11, 25)) == []


async def test_every_change_is_audited_without_the_phone(room: WatchRoom) -> None:
    _, entry = await room.on_duty("chengguan", "王值班", PHONE)
    async with room.world.database.write() as connection:
        assert await take_off_duty(connection, room.head, entry, room.world.now)
        assert not await take_off_duty(connection, room.head, entry, room.world.now)
        events = await audit_events(connection, room.head.org_path)
    assert [one.action for one in events] == ["duty_taken_off", "duty_put_on"]
    assert PHONE not in str([one.detail for one in events])
