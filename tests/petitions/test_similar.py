from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.organisation.sessions import Actor
from backend.petitions.similar import LEAST, WITHIN, likeness, similar_petitions
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


texts = st.text(alphabet="路灯下水道坏了堵3号楼，。 ab", max_size=30)


@given(texts, texts, st.booleans(), st.booleans())
def test_likeness_is_a_share_and_the_same_both_ways(
    text: str, other: str, same_place: bool, same_domain: bool
) -> None:
    one = SimpleNamespace(text=text, place="甲", place_code=None, domain="a")
    two = SimpleNamespace(
        text=other,
        place="甲" if same_place else "乙",
        place_code=None,
        domain="a" if same_domain else "b",
    )
    there, back = likeness(one, two), likeness(two, one)  # type: ignore[arg-type]
    assert there == back
    assert 0.0 <= there <= 1.0


def test_a_place_alone_makes_nothing_similar() -> None:
    one = SimpleNamespace(text="路灯坏了", place="甲", place_code="1", domain="a")
    two = SimpleNamespace(text="饭店油烟", place="甲", place_code="1", domain="a")
    assert likeness(one, two) == 0.0 < LEAST  # type: ignore[arg-type]
