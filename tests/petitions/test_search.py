"""Search on both databases: what is found, and what nobody learns by finding."""

import pytest
from sqlalchemy import delete, update

from backend.organisation.sessions import Actor
from backend.petitions.citizen_act import CitizenAct
from backend.petitions.correction import Correction
from backend.petitions.followup import Added, add, set_contact
from backend.petitions.lifecycle import State
from backend.petitions.queue import Filters, queue_counts, queue_page
from backend.petitions.search_index import index_missing, rebuild_search_index
from backend.petitions.search_terms import STATE_TOKENS, Term, index_words, terms_of
from backend.petitions.tables import petition, petition_search
from tests.petitions.world import World, reading


async def found(world: World, text: str, actor: Actor | None = None) -> list[str]:
    actor = actor or await world.official("qinghe", "dispatcher")
    async with world.database.read() as connection:
        page = await queue_page(connection, actor, Filters(text=text), world.now)
        counts = await queue_counts(connection, actor, Filters(text=text), world.now)
    assert counts.total == len(page.items)
    return [item.number for item in page.items]


async def test_a_search_among_states_follows_every_step(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    number = (await world.file(text="锦绣小区路灯不亮")).number

    async def among(*states: str) -> list[str]:
        filters = Filters(states=states, text="路灯")
        async with world.database.read() as connection:
            page = await queue_page(connection, desk, filters, world.now)
        return [item.number for item in page.items]

    assert await among("received", "accepted") == [number]
    assert await among("accepted") == []
    await world.done(desk, number, "accept")
    assert await among("accepted") == [number]
    assert await among("received") == []
    await world.done(desk, number, "answer", "修好了")
    assert await among("resolved", "closed") == [number]
    assert set(STATE_TOKENS) == set(State)


def test_words_of_a_text() -> None:
    assert index_words(["修路灯，K3路"]).split() == ["修", "路", "灯", "修路", "路灯", "k3"]
    assert terms_of("修路灯 ｋ３") == [
        Term("修路", False),
        Term("路灯", False),
        Term("k3", True),
    ]
    assert terms_of("灯") == [Term("灯", False)]
    assert terms_of(" ，%_'\"*() ") == []
    assert terms_of("路燈") == [Term("路灯", False)]


@pytest.mark.parametrize(
    "text",
    [
        "锦绣", "绣小", "下水", "水道", "一个月", "没人管", "堵", "锦绣 没人", "3号", "下水道堵塞",
        "塞", "20261123", "2026112300", "20261123-0001", "202611230001", "20261123 0001", "2026",
    ],
)  # fmt: skip
async def test_finds(world: World, text: str) -> None:
    filed = await world.file()
    await world.file(
        text="医保怎么报", place="西街", place_code=None, reading=reading(title="医保")
    ) if not text.startswith("2026") or "1123-0001" in text else None
    assert await found(world, text) == [filed.number]


@pytest.mark.parametrize(
    "text", ["路灯", "锦绣 路灯", "20261124", "'", '" OR 1', "a' & b | !", "%"]
)
async def test_does_not_find(world: World, text: str) -> None:
    await world.file()
    assert await found(world, text) == []


async def test_a_phone_by_its_ending_for_those_who_may_know_it(world: World) -> None:
    person = await world.citizen(phone="13800001234")
    number = (await world.file(person, text="电话13800001234，下水道堵了")).number
    handler = await world.official("chengguan", "handler")
    reader = await world.official("chengguan", "reader")
    for ending in ("1234", "01234", "13800001234"):
        assert await found(world, ending, handler) == [number], ending
    for ending in ("234", "1235", "3800"):
        assert await found(world, ending, handler) == [], ending
    for text in ("1234", "01234", "13800001234", "1380", "13800001", "电话13800001234"):
        assert await found(world, text, reader) == [], text
    assert await found(world, "下水道", reader) == [number]


async def test_a_confidential_phone_finds_nothing_for_the_lead_office(world: World) -> None:
    person = await world.citizen(phone="13800009999")
    number = (await world.file(person, kind="report", text="有人套取低保")).number
    boss = await world.official("chengguan", "supervisor")
    lead = world.orgs["county_discipline"].id
    await world.done(boss, number, "dispatch", lead)
    handler = await world.official("county_discipline", "handler")
    assert await found(world, "低保", handler) == [number]
    assert await found(world, "9999", handler) == []
    assert await found(world, "9999", boss) == [number]


async def test_the_index_follows_what_changes(world: World) -> None:
    person = await world.citizen()
    number = (await world.file(person)).number
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, number, "correct", Correction(place="滨河公园"))
    assert await found(world, "滨河") == [number]
    assert await found(world, "小区3号") == [number]  # still in what was written
    async with world.database.write() as connection:
        act = CitizenAct(connection, world.rules, person.citizen_id, number, world.now, "a1")
        assert isinstance(await add(act, "今天井盖也不见了", []), Added)
        act = CitizenAct(connection, world.rules, person.citizen_id, number, world.now, "a2")
        await set_contact(act, "13911112222", None)
    assert await found(world, "井盖") == [number]
    assert await found(world, "2222") == [number]


async def test_rebuilding_finds_the_same(world: World) -> None:
    first, second = (await world.file()).number, (await world.file()).number
    async with world.database.write() as connection:
        await connection.execute(delete(petition_search))
    assert await found(world, "下水道") == []
    async with world.database.write() as connection:
        assert await index_missing(connection) == 2
        assert await index_missing(connection) == 0
    assert await found(world, "下水道") == [second, first]
    async with world.database.write() as connection:
        await connection.execute(
            update(petition).where(petition.c.number == first).values(text="换了", title="换了")
        )
        assert await rebuild_search_index(connection) == 2
    assert await found(world, "下水道") == [second]
    assert await found(world, "换了") == [first]


async def test_a_title_shows_readers_no_phone(world: World) -> None:
    await world.file(reading=reading(title="请打13800001234"))
    reader = await world.official("chengguan", "reader")
    async with world.database.read() as connection:
        [item] = (await queue_page(connection, reader, Filters(), world.now)).items
    assert item.title == "请打138******34"
