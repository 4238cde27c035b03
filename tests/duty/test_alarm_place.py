"""The place of an emergency that came later is told to who was told of it, once."""

from __future__ import annotations

from backend.duty.alarm import opened
from backend.duty.roster import take_off_duty
from backend.petitions.filing import UNKNOWN_PLACE
from tests.duty.watch_room import WatchRoom
from tests.petitions.world import reading

TOWN, NEXT, COUNTY = "13800000001", "13800000002", "13800000003"
WHERE = "锦绣小区3号楼"


async def test_the_officer_told_last_hears_the_place_once(room: WatchRoom) -> None:
    await room.on_duty("qinghe", "县值班", COUNTY)
    await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency(place=UNKNOWN_PLACE)
    await room.minutes_pass(6)
    assert await room.phones() == [TOWN, COUNTY]
    await room.say_where(filed, WHERE)
    await room.say_where(filed, "别处")
    ((phone, words),) = await room.told("duty_place")
    assert phone == COUNTY
    assert filed.number in words
    assert WHERE in words
    assert [one.type for one in await room.world.events(filed.number)][-3:] == [
        "added",
        "duty_told_place",
        "added",
    ]


async def test_also_who_has_opened_it(room: WatchRoom) -> None:
    officer, _ = await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency(place=UNKNOWN_PLACE)
    async with room.world.database.write() as connection:
        await opened(connection, filed.petition_id, officer.user_id, room.world.now)
    await room.say_where(filed, WHERE)
    assert [phone for phone, _ in await room.told("duty_place")] == [TOWN]


async def test_off_duty_by_now_the_first_on_duty_hears_it(room: WatchRoom) -> None:
    _, entry = await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency(place=UNKNOWN_PLACE)
    await room.on_duty("chengguan", "李值班", NEXT)
    async with room.world.database.write() as connection:
        assert await take_off_duty(connection, room.head, entry, room.world.now)
    await room.say_where(filed, WHERE)
    assert [phone for phone, _ in await room.told("duty_place")] == [NEXT]


async def test_where_nobody_could_be_told_the_first_is_told_now(room: WatchRoom) -> None:
    filed = await room.emergency(place=UNKNOWN_PLACE)
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.say_where(filed, WHERE)
    ((phone, words),) = await room.told()
    assert (phone, WHERE in words) == (TOWN, True)
    assert await room.told("duty_place") == []


async def test_the_place_of_what_is_no_emergency_wakes_nobody(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.world.file(place=UNKNOWN_PLACE, reading=reading(urgency="high"))
    await room.say_where(filed, WHERE)
    assert await room.told("duty_place") == []
    assert await room.told() == []


async def test_a_place_known_from_the_start_is_not_told_again(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency()
    await room.say_where(filed, "5号楼")
    assert await room.told("duty_place") == []
