"""Who is told of an emergency, when, in what words; once, and until somebody opens it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from backend.conversation.tables import citizen
from backend.database.engine import Database
from backend.duty.alarm import MOST_ALERTS, opened
from backend.duty.roster import take_off_duty
from backend.organisation.tables import account, user
from backend.petitions.tables import petition_subject
from tests.duty.watch_room import WatchRoom

TOWN, NEXT, COUNTY = "13800000001", "13800000002", "13800000003"


async def look_at(room: WatchRoom, petition_id: int, user_id: int) -> None:
    async with room.world.database.write() as connection:
        await opened(connection, petition_id, user_id, room.world.now)


async def test_the_officer_of_the_branch_is_told_number_and_place_and_no_name(
    room: WatchRoom,
) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency()
    ((phone, words),) = await room.told()
    assert phone == TOWN
    assert filed.number in words
    assert "锦绣小区3号楼" in words
    assert "5分钟" in words
    assert "张三" not in words
    assert "着火" not in words
    assert len(words) <= 134
    events = await room.world.events(filed.number)
    assert [(event.type, event.actor) for event in events][-1] == ("duty_alerted", "machine")


async def test_told_once_however_often_the_turn_is_repeated(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    filed = await room.emergency()
    assert await room.raise_alarm(filed) is None
    assert await room.phones() == [TOWN]


async def test_the_next_is_told_when_nobody_opens_it_then_the_county_then_the_first(
    room: WatchRoom,
) -> None:
    await room.on_duty("qinghe", "县值班", COUNTY)
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("chengguan", "李值班", NEXT)
    await room.emergency()
    await room.minutes_pass(4.9)
    assert await room.phones() == [TOWN]
    await room.minutes_pass(0.2)
    await room.minutes_pass(5)
    await room.minutes_pass(5)
    assert await room.phones() == [TOWN, NEXT, COUNTY, TOWN]
    assert len(room.woken) == 3


async def test_opened_it_is_told_to_nobody_else(room: WatchRoom) -> None:
    officer, _ = await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("qinghe", "县值班", COUNTY)
    filed = await room.emergency()
    await look_at(room, filed.petition_id, officer.user_id)
    await room.minutes_pass(60)
    assert await room.phones() == [TOWN]
    assert [one.opened_by for one in await room.alerts()] == [officer.user_id]


async def test_acted_upon_it_is_told_to_nobody_else(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("qinghe", "县值班", COUNTY)
    filed = await room.emergency()
    await room.world.done(
        await room.world.official("chengguan", "dispatcher"), filed.number, "accept"
    )
    await room.minutes_pass(60)
    assert await room.phones() == [TOWN]


async def test_it_comes_to_an_end_though_nobody_ever_opens_it(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.emergency()
    for _ in range(MOST_ALERTS + 3):
        await room.minutes_pass(6)
    assert await room.phones() == [TOWN] * MOST_ALERTS


async def test_without_an_officer_of_its_own_the_office_above_is_told(room: WatchRoom) -> None:
    await room.on_duty("liuhe", "柳河值班", NEXT)
    await room.on_duty("qinghe", "县值班", COUNTY)
    await room.emergency()
    assert await room.phones() == [COUNTY]


async def test_nobody_on_duty_is_no_failure(room: WatchRoom) -> None:
    filed = await room.emergency()
    assert filed.number
    assert await room.told() == []


async def test_by_the_day_of_the_week_in_the_county_s_own_time(room: WatchRoom) -> None:
    """NOW is Monday noon in Asia/Shanghai; 13 hours later it is Tuesday there, still Monday UTC."""
    await room.on_duty("chengguan", "周一", TOWN, weekday=0)
    await room.on_duty("chengguan", "周二", NEXT, weekday=1)
    await room.emergency()
    room.world.clock.move(timedelta(hours=13) - timedelta(minutes=10))
    assert room.world.now.weekday() == 0
    await room.emergency()
    assert await room.phones() == [TOWN, NEXT]


async def test_whom_the_petition_is_about_is_not_told(room: WatchRoom) -> None:
    officer, _ = await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("qinghe", "县值班", COUNTY)
    filed = await room.world.file()
    async with room.world.database.write() as connection:
        await connection.execute(
            petition_subject.insert().values(
                petition_id=filed.petition_id,
                user_id=officer.user_id,
                words="王值班",
                at=room.world.now,
            )
        )
    await room.raise_alarm(filed)
    assert await room.phones() == [COUNTY]


async def test_neither_who_was_taken_off_nor_whose_account_is_closed(room: WatchRoom) -> None:
    _, entry = await room.on_duty("chengguan", "王值班", TOWN)
    gone, _ = await room.on_duty("chengguan", "李值班", NEXT)
    await room.on_duty("qinghe", "县值班", COUNTY)
    async with room.world.database.write() as connection:
        assert await take_off_duty(connection, room.head, entry, room.world.now)
        await connection.execute(update(user).where(user.c.id == gone.user_id).values(active=False))
    await room.emergency()
    assert await room.phones() == [COUNTY]


async def test_by_wechat_where_the_county_has_no_number_for_text_messages(
    room: WatchRoom,
) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    follower = await room.world.citizen("wx", "openid-of-the-officer", phone=TOWN)
    async with room.world.database.write() as connection:
        await connection.execute(
            update(account).where(account.c.name == "sms").values(name="other", channel="wechat")
        )
    await room.emergency()
    assert await room.phones() == ["openid-of-the-officer"]
    assert follower.channel == "wechat"


async def test_unreachable_the_next_is_told_at_once(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("qinghe", "县值班", COUNTY)
    await room.world.citizen("wx", "openid-of-the-county", phone=COUNTY)
    async with room.world.database.write() as connection:
        await connection.execute(
            update(account).where(account.c.name == "sms").values(name="other", channel="wechat")
        )
        await connection.execute(update(citizen).where(citizen.c.phone == TOWN).values(phone=None))
    await room.emergency()
    assert await room.phones() == ["openid-of-the-county"]


async def test_of_two_processes_one_tells_the_next(room: WatchRoom) -> None:
    await room.on_duty("chengguan", "王值班", TOWN)
    await room.on_duty("qinghe", "县值班", COUNTY)
    await room.emergency()
    room.world.clock.move(timedelta(minutes=6))
    await room.watch.look()
    await room.another_watch().look()
    assert await room.phones() == [TOWN, COUNTY]


async def test_no_database_is_no_end_of_the_watch(room: WatchRoom) -> None:
    other = room.another_watch()
    other._database = Database("sqlite+aiosqlite:////nowhere/at/all.db")
    await other.look()
    assert room.woken == []
