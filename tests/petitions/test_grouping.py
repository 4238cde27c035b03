"""Petitions of one matter come together by themselves, whatever words they use."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from backend.petitions.correction import Correction
from backend.petitions.heat import growth
from backend.petitions.hot import HotIssue, Span, hot_issues, petitions_of_issue
from backend.petitions.matters import WITHIN
from backend.petitions.sameness import SAME, Matter, compare, elsewhere
from backend.petitions.similar import similar_petitions
from backend.petitions.tables import petition, petition_matter
from tests.petitions.meanings import read_all, sentence_reader
from tests.petitions.world import LIUHE_HONGXING, NOW, World, reading

LAMPS = (
    "锦绣小区门口的路灯不亮，晚上看不见",
    "锦绣小区路灯坏了好久，黑灯瞎火的，老人都不敢出门",
    "锦绣小区的灯都黑了，没人修",
)
DRAIN = "锦绣小区3号楼下水道堵了一个月没人管，污水漫到一楼"


async def issues(world: World) -> dict[str, int | None]:
    async with world.database.read() as connection:
        rows = await connection.execute(
            select(petition.c.number, petition_matter.c.issue_id).join(
                petition_matter, petition_matter.c.petition_id == petition.c.id
            )
        )
        return {row.number: row.issue_id for row in rows}


async def hottest(world: World, office: str = "qinghe", **more: object) -> list[HotIssue]:
    actor = await world.official(office, "reader")
    start = world.now - timedelta(days=30)
    span = Span(start - timedelta(days=30), start, world.now + timedelta(days=1))
    async with world.database.read() as connection:
        return list(await hot_issues(connection, actor, span, **more))  # type: ignore[arg-type]


async def lamps(world: World, **changes: object) -> list[str]:
    utilities = reading(domain="utilities", title="路灯不亮")
    return [(await world.file(text=text, reading=utilities, **changes)).number for text in LAMPS]


async def test_one_trouble_in_different_words_becomes_one_issue(world: World) -> None:
    numbers = await lamps(world)
    drain = (await world.file(text=DRAIN)).number
    await read_all(world)
    grouped = await issues(world)
    assert grouped[drain] is None
    assert len({grouped[number] for number in numbers}) == 1
    assert None not in {grouped[number] for number in numbers}


async def test_short_messages_of_one_week_from_one_village_become_one_issue(world: World) -> None:
    utilities = reading(domain="utilities", title="水黄")
    told = (
        "水黄得吓人，用来冲奶粉行不行",
        "啥时候能清，我八十了提不动桶装水",
        "自来水是浑的，水费照收",
    )
    for text in told:
        await world.file(text=text, reading=utilities)
    await world.file(text="三楼停电一天了", reading=utilities)
    await read_all(world)
    *water, power = (await issues(world)).values()
    assert len(set(water)) == 1
    assert None not in water
    assert power is None


async def test_by_meaning_an_official_finds_what_shares_few_words(world: World) -> None:
    official = await world.official("chengguan", "dispatcher")
    numbers = await lamps(world)
    await world.file(text=DRAIN)
    await read_all(world)
    async with world.database.read() as connection:
        row = await connection.execute(select(petition.c.id).where(petition.c.number == numbers[0]))
        found = await similar_petitions(connection, official, row.scalar_one())
    assert {one.number for one in found} == set(numbers[1:])
    assert {"same_place", "same_meaning", "same_domain"} <= set(found[0].reasons)


async def test_the_same_trouble_elsewhere_or_long_ago_is_another_issue(world: World) -> None:
    here = await lamps(world)
    there = await lamps(world, place="红星村", place_code=LIUHE_HONGXING)
    world.clock.move(WITHIN + timedelta(days=1))
    later = await lamps(world)
    await read_all(world)
    grouped = await issues(world)
    of_each = [{grouped[number] for number in numbers} for numbers in (here, there, later)]
    assert all(len(one) == 1 for one in of_each)
    assert len(set.union(*of_each)) == 3


async def test_a_corrected_place_is_looked_at_anew_and_a_human_s_word_holds(world: World) -> None:
    desk = await world.official("qinghe", "supervisor")
    numbers = await lamps(world)
    await read_all(world)
    moved = Correction(place="红星村", place_code=LIUHE_HONGXING)
    await world.done(desk, numbers[2], "correct", moved)
    await world.done(desk, numbers[1], "merge", numbers[0])
    await world.done(desk, numbers[1], "unmerge")
    await read_all(world)
    grouped = await issues(world)
    assert grouped[numbers[2]] is None
    assert grouped[numbers[1]] is None
    again = (await world.file(text=LAMPS[1], reading=reading(domain="utilities"))).number
    await read_all(world)
    grouped = await issues(world)
    assert grouped[again] == grouped[numbers[0]]
    assert grouped[numbers[1]] is None


async def test_confidential_ones_are_in_no_issue(world: World) -> None:
    report = reading(kind="report", domain="utilities")
    for text in LAMPS:
        await world.file(text=text, reading=report)
    await read_all(world)
    assert set((await issues(world)).values()) == {None}


async def test_the_hot_list_counts_people_and_compares_with_before(world: World) -> None:
    person = await world.citizen()
    for text in LAMPS:
        await world.file(person, text=text, reading=reading(domain="utilities"))
    await read_all(world)
    assert await hottest(world) == []  # one person, however often
    await lamps(world)
    await read_all(world)
    (one,) = await hottest(world)
    assert (one.petitions, one.citizens, one.citizens_before, one.waiting) == (6, 4, 0, 6)
    assert one.growth == growth(4, 0)
    world.clock.move(timedelta(days=40))
    await lamps(world)
    await read_all(world)
    (one,) = await hottest(world)
    assert (one.petitions, one.citizens, one.citizens_before) == (3, 3, 4)
    assert one.growth < 1


async def test_the_hot_list_shows_the_branch_and_the_place_asked_for(world: World) -> None:
    await lamps(world)
    await lamps(world, place="红星村", place_code=LIUHE_HONGXING)
    await read_all(world)
    assert len(await hottest(world)) == 2
    (one,) = await hottest(world, "liuhe")
    assert one.place_code == LIUHE_HONGXING
    assert [each.id for each in await hottest(world, place_codes=(LIUHE_HONGXING,))] == [one.id]
    actor = await world.official("chengguan", "dispatcher")
    async with world.database.read() as connection:
        assert await petitions_of_issue(connection, actor, one.id) == []


async def test_the_two_orders(world: World) -> None:
    await lamps(world)
    world.clock.move(timedelta(days=40))
    await lamps(world)
    for _ in range(2):
        await world.file(text=DRAIN, place="红星村", place_code=LIUHE_HONGXING)
    await read_all(world)
    most, rising = await hottest(world), await hottest(world, order="rising")
    assert [one.citizens for one in most] == [3, 2]
    assert [one.citizens for one in rising] == [2, 3]


def test_few_people_say_little_about_growth() -> None:
    assert growth(0, 0) == growth(5, 5) == 1.0
    assert growth(2, 0) < 2 < growth(40, 10)
    assert growth(1, 2) < 1


def matter(text: str, place_code: str | None = None, place: str = "甲") -> Matter:
    return Matter("/1/", text, place, place_code, "utilities", NOW)


texts = st.text(alphabet="路灯下水道坏了堵3号楼，。 ab", max_size=30)
codes = st.sampled_from([None, "990101", "990101101", "990101101003", "990101102"])


@given(texts, texts, codes, codes, st.none() | st.floats(-1, 1))
def test_likelihood_is_a_share_and_the_same_both_ways(
    text: str, other: str, code: str | None, other_code: str | None, closeness: float | None
) -> None:
    one, two = matter(text, code), matter(other, other_code)
    there, back = compare(one, two, closeness), compare(two, one, closeness)
    assert there == back
    assert 0.0 <= there.likelihood <= 1.0
    if elsewhere(code, other_code):
        assert there.likelihood == 0.0


def test_a_place_alone_makes_nothing_the_same() -> None:
    lamp, fumes = matter("路灯坏了", "990101101003"), matter("饭店油烟", "990101101003")
    assert compare(lamp, fumes, None).likelihood < SAME
    closeness = sentence_reader().read(["路灯坏了", "饭店油烟"])
    assert compare(lamp, fumes, float(closeness[0] @ closeness[1])).likelihood < SAME
