from datetime import timedelta
from typing import Any

from backend.organisation.sessions import Actor
from backend.petitions.matters import WITHIN
from backend.petitions.similar import similar_petitions
from tests.petitions.world import LIUHE_HONGXING, World

DRAIN = "锦绣小区3号楼下水道堵了一个月没人管，污水漫到一楼"


async def found(world: World, actor: Actor, petition_id: int) -> list[str]:
    async with world.database.read() as connection:
        return [one.number for one in await similar_petitions(connection, actor, petition_id)]


async def test_the_same_trouble_is_found_and_other_trouble_there_is_not(world: World) -> None:
    official = await world.official("chengguan", "dispatcher")
    one = await world.file(text=DRAIN)
    same = await world.file(text="3号楼下水道又堵了，污水都漫出来了，一个月没人管")
    await world.file(text="锦绣小区门口的路灯不亮，晚上看不见")
    assert await found(world, official, one.petition_id) == [same.number]
    assert await found(world, official, same.petition_id) == [one.number]


async def test_only_what_the_official_sees_and_only_of_these_months(world: World) -> None:
    elsewhere = await world.official("liuhe", "dispatcher")
    one = await world.file(text=DRAIN)
    await world.file(text=DRAIN, place="红星村", place_code=LIUHE_HONGXING)
    here = await world.official("chengguan", "dispatcher")
    assert await found(world, here, one.petition_id) == []
    assert await found(world, elsewhere, one.petition_id) == []
    world.clock.move(WITHIN + timedelta(days=1))
    later = await world.file(text=DRAIN)
    assert await found(world, here, later.petition_id) == []


async def test_numbers_in_a_title_are_masked_for_who_may_not_see_them(world: World) -> None:
    reader = await world.official("chengguan", "reader")
    one = await world.file(text=DRAIN)
    reading = world.filing(await world.citizen()).reading
    other = await world.file(
        text=DRAIN, reading=type(reading)(**{**_fields(reading), "title": "打我电话13812345678"})
    )
    async with world.database.read() as connection:
        (similar,) = await similar_petitions(connection, reader, one.petition_id)
    assert similar.number == other.number
    assert similar.title == "打我电话138******78"


def _fields(reading: Any) -> dict[str, Any]:
    return {name: getattr(reading, name) for name in reading.__slots__}
