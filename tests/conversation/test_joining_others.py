"""A citizen about to file hears that others wait for the same, and may join them."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from backend.conversation.effects import Effects
from backend.conversation.same_matters import SameMatters
from backend.database.engine import Database
from backend.duty.alarm import PATIENCE, Alarm
from backend.petitions.joinable import JoinableFinder
from tests.conversation.room import LOOKS, petition_rules, readings, texts
from tests.petitions.meanings import read_all, sentence_reader
from tests.petitions.world import JINXIU, LIUHE_HONGXING, Person, World, reading

LAMP = "锦绣小区的灯都黑了，没人修"
SAME = "锦绣小区路灯坏了好久，黑灯瞎火的，没人修"


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    database = Database(database_url)
    try:
        yield await World.create(database)
    finally:
        await database.close()


class Scene:
    """What of a turn's scene counts here."""

    def __init__(self, world: World, person: Person) -> None:
        self.citizen_id = person.citizen_id
        self.address_id = person.address_id
        self.account_id = person.account_id
        self.channel = person.channel
        self.org_id = world.orgs["qinghe"].id
        self.turn_id = 1
        self.now = world.now


def effect(text: str = SAME, **more: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "type": "file_petition",
        "kind": None,
        "text": text,
        "place": "锦绣小区门口",
        "place_code": JINXIU,
        "since": None,
        "messages": [],
        **more,
    }


async def told(world: World, one: dict[str, Any], person: Person | None = None) -> Any:
    finder = JoinableFinder(world.database, sentence_reader())
    same = SameMatters(finder, readings(), petition_rules())
    return await same.told(Scene(world, person or await world.citizen()), [one])  # type: ignore[arg-type]


async def lamps(world: World, number: int = 1, **changes: Any) -> list[str]:
    utilities = reading(kind="complaint", domain="utilities", title="老王家门口路灯不亮")
    filed = [
        (await world.file(**{"text": LAMP, "reading": utilities, **changes})).number
        for _ in range(number)
    ]
    await read_all(world)
    return filed


async def no_photos(_messages: Sequence[int]) -> str:
    return ""


async def apply(world: World, one: dict[str, Any], person: Person) -> list[Any]:
    effects = Effects(readings(), petition_rules(), Alarm(texts(), LOOKS, PATIENCE))
    prepared = await effects.prepare([one], no_photos)
    async with world.database.write() as connection:
        return await effects.apply(connection, Scene(world, person), one, prepared)  # type: ignore[arg-type]


async def test_told_in_the_county_s_words_only(world: World) -> None:
    numbers = await lamps(world, 3)
    found = await told(world, effect())
    assert found.pop("number") in numbers
    matter = petition_rules().catalogue.services["utilities"].name
    assert found == {"place": "锦绣社区", "matter": matter, "people": 3}


async def test_not_asked_where_nothing_is_to_be_joined(world: World) -> None:
    assert await told(world, effect()) is None
    person = await world.citizen()
    utilities = reading(kind="complaint", domain="utilities")
    await world.file(person, text=LAMP, reading=utilities)
    await read_all(world)
    assert await told(world, effect(), person) is None  # one's own
    assert await told(world, effect(asked=True)) is None
    assert await told(world, effect(kind="inquiry")) is None
    assert await told(world, effect("锦绣小区3号楼下水道堵了，污水漫到一楼")) is None
    assert await told(world, effect(place="红星村", place_code=LIUHE_HONGXING)) is None
    assert (await told(world, effect()))["people"] == 1


async def test_never_a_confidential_one_nor_one_that_is_answered(world: World) -> None:
    county = await world.official("qinghe", "supervisor")
    (number,) = await lamps(world)
    await world.done(county, number, "set_confidential", True, "要保密")
    await read_all(world)
    assert await told(world, effect()) is None
    await world.done(county, number, "set_confidential", False, "可以公开")
    await read_all(world)
    assert await told(world, effect()) is not None
    await world.done(county, number, "accept")
    await world.done(county, number, "answer", "修好了")
    assert await told(world, effect()) is None


async def test_joined_it_has_its_own_number_and_follows_the_main_one(world: World) -> None:
    county = await world.official("qinghe", "supervisor")
    (number,) = await lamps(world)
    person = await world.citizen()
    (reply,) = await apply(world, effect(joins=number, asked=True), person)
    assert reply.key == "petition_joined"
    joined = await world.row(reply.params["number"])
    assert (joined.state, joined.main_id) == ("joined", (await world.row(number)).id)
    assert (await told(world, effect()))["people"] == 2
    await world.done(county, number, "accept")
    await world.done(county, number, "answer", "路灯修好了")
    assert (await world.row(joined.number)).answer == "路灯修好了"
    assert [key for key, _ in await world.said(joined.number)] == [
        "petition_accepted",
        "answer_to_petition",
        "ask_rating",
    ]


async def test_what_ended_meanwhile_is_not_joined(world: World) -> None:
    county = await world.official("qinghe", "supervisor")
    (number,) = await lamps(world)
    await world.done(county, number, "accept")
    await world.done(county, number, "answer", "修好了")
    (reply, *_) = await apply(world, effect(joins=number, asked=True), await world.citizen())
    assert reply.key == "petition_filed"
    assert (await world.row(reply.params["number"])).state == "received"


async def test_the_same_turn_again_joins_once(world: World) -> None:
    (number,) = await lamps(world)
    person = await world.citizen()
    (first,) = await apply(world, effect(joins=number), person)
    (again,) = await apply(world, effect(joins=number), person)
    assert first == again
    assert [one.type for one in await world.events(number)].count("took_in") == 1
