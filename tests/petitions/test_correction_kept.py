"""What officials set right is kept to learn from, without who wrote it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backend.petitions.correction import Correction
from backend.petitions.tables import petition_correction
from tests.petitions.world import LIUHE_HONGXING, World, reading

TEXT = "我叫张秀兰，邻居王建国，电话13812345678，身份证110101199003071234，路面塌了一个坑"


async def kept(world: World) -> list[Any]:
    async with world.database.read() as connection:
        query = select(petition_correction).order_by(petition_correction.c.id)
        return list(await connection.execute(query))


async def test_each_word_set_right_is_kept_with_what_was_read(world: World) -> None:
    person = await world.citizen(name="张秀兰", phone="13812345678")
    filed = await world.file(person, text=TEXT)
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, filed.number, "correct", Correction(domain="utilities"))
    first_at = world.now
    world.clock.move(timedelta(minutes=3))
    again = Correction(kind="complaint", domain="roads_traffic")
    await world.done(desk, filed.number, "correct", again)
    first, *later = await kept(world)
    assert (first.field, first.read, first.confidence, first.model) == (
        "domain", "sanitation", 0.8, "test-1",
    )  # fmt: skip
    assert (first.held, first.said, first.user_id, first.at) == (
        "sanitation", "utilities", desk.user_id, first_at,
    )  # fmt: skip
    assert (
        first.text
        == "我叫张**，邻居王**，电话138****5678，身份证110*************34，路面塌了一个坑"
    )
    assert {(row.field, row.read, row.held, row.said) for row in later} == {
        ("kind", "request", "request", "complaint"),
        ("domain", "sanitation", "utilities", "roads_traffic"),
    }


async def test_place_and_urgency_are_kept_too(world: World) -> None:
    filed = await world.file()
    town = await world.official("chengguan", "dispatcher")
    correction = Correction(urgency="high", place="红星村2组", place_code=LIUHE_HONGXING)
    await world.done(town, filed.number, "correct", correction)
    assert {(row.field, row.read, row.said) for row in await kept(world)} == {
        ("urgency", "normal", "high"),
        ("place", "锦绣小区3号楼", "红星村2组"),
    }


async def test_a_mood_is_kept_whether_or_not_the_machine_told_one(world: World) -> None:
    read, unread = await world.file(reading=reading(sentiment="calm")), await world.file()
    desk = await world.official("chengguan", "dispatcher")
    for filed in (read, unread):
        await world.done(desk, filed.number, "correct", Correction(sentiment="desperate"))
        assert (await world.row(filed.number)).sentiment == "desperate"
    assert [(row.field, row.read, row.held, row.said) for row in await kept(world)] == [
        ("sentiment", "calm", "calm", "desperate"),
        ("sentiment", None, None, "desperate"),
    ]


async def test_no_words_of_a_confidential_petition_are_kept(world: World) -> None:
    filed = await world.file()
    boss = await world.official("qinghe", "supervisor")
    await world.done(boss, filed.number, "correct", Correction(kind="report"))
    await world.done(boss, filed.number, "correct", Correction(domain="utilities"))
    rows = await kept(world)
    assert [(row.field, row.said, row.text) for row in rows] == [
        ("kind", "report", None),
        ("domain", "utilities", None),
    ]


async def test_a_correction_that_changes_nothing_or_is_refused_keeps_nothing(world: World) -> None:
    filed = await world.file()
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, filed.number, "correct", Correction(domain="sanitation"))
    await world.step(desk, filed.number, "correct", Correction(domain="no_such_domain"))
    assert await kept(world) == []
