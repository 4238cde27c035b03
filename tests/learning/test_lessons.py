"""What is learnt of a county's corrections, on both databases."""

from __future__ import annotations

from backend.learning.lessons import (
    CORRECTION,
    FEWEST,
    Lesson,
    Lessons,
    corrected_petitions,
    usable,
)
from backend.organisation.sessions import Actor
from backend.petitions.correction import Correction
from tests.petitions.world import World

KINDS = ("complaint", "request")


async def read(world: World) -> tuple[list[tuple[str, str, str]], int]:
    async with world.database.read() as connection:
        lessons, last = await corrected_petitions(connection)
    assert all(lesson.source == CORRECTION for lesson in lessons)
    return [(one.text, one.kind, one.domain) for one in lessons], last


async def corrected(world: World, desk: Actor, text: str, correction: Correction) -> str:
    filed = await world.file(text=text)
    await world.done(desk, filed.number, "correct", correction)
    return filed.number


async def test_one_lesson_a_petition_with_the_last_word(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    assert await read(world) == ([], 0)
    number = await corrected(world, desk, "水管爆了，13812345678", Correction(domain="utilities"))
    await world.done(desk, number, "correct", Correction(kind="complaint", domain="property"))
    await corrected(world, desk, "路灯不亮", Correction(kind="suggestion"))
    assert await read(world) == (
        [
            ("水管爆了，138****5678", "complaint", "property"),
            ("路灯不亮", "suggestion", "sanitation"),
        ],
        4,
    )


async def test_a_mood_set_right_is_learnt(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    await corrected(world, desk, "都没人管我们", Correction(sentiment="desperate"))
    await corrected(world, desk, "路灯不亮", Correction(kind="suggestion"))
    async with world.database.read() as connection:
        lessons, _ = await corrected_petitions(connection)
    assert [(one.text, one.sentiment) for one in lessons] == [
        ("都没人管我们", "desperate"),
        ("路灯不亮", None),
    ]


async def test_place_and_urgency_teach_nothing_here(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    await corrected(world, desk, "水管爆了", Correction(urgency="high"))
    assert await read(world) == ([], 1)


async def test_nothing_confidential_is_learnt_also_when_it_becomes_so_later(world: World) -> None:
    boss = await world.official("qinghe", "supervisor")
    await corrected(world, boss, "举报有人偷水", Correction(kind="report"))
    number = await corrected(world, boss, "有人偷水", Correction(domain="utilities"))
    assert (await read(world))[0] == [("有人偷水", "request", "utilities")]
    await world.done(boss, number, "set_confidential", True, "反映的是熟人")
    assert (await read(world))[0] == []


def lesson(domain: str, kind: str = "request", number: int = 0) -> Lesson:
    return Lesson("停水", kind, domain, CORRECTION, f"petition:{number}")


def test_what_the_catalogue_no_longer_has_is_left_out_and_counted() -> None:
    given = [lesson("water"), lesson("gone"), lesson("water", "report")]
    found = usable(given, 3, KINDS, {"water": None}, ["water", "gone"])
    assert ([one.domain for one in found.taught], found.left_out) == (["water"], 2)
    assert found.last_correction == 3
    assert found.count(CORRECTION) == 1


def test_a_new_domain_is_learnt_once_there_is_enough_of_it() -> None:
    few = [lesson("own", number=number) for number in range(FEWEST - 1)]
    services = {"water": None, "own": None}
    assert usable(few, 0, KINDS, services, ["water"]).left_out == FEWEST - 1
    enough = [*few, lesson("own", number=FEWEST)]
    assert usable(enough, 0, KINDS, services, ["water"]).left_out == 0


def test_the_digest_is_of_what_is_taught() -> None:
    one, other = lesson("water"), lesson("water", "complaint")
    assert Lessons([one], 1).digest == Lessons([one], 9).digest != Lessons([other], 1).digest
