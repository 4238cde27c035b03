"""Petitions of one matter are handled as one: each citizen hears, nothing leaks, all can be
undone."""

import pytest

from backend.petitions.correction import Correction
from backend.petitions.outcomes import Done, Forbidden, Impossible, Invalid, Missing
from backend.petitions.similar import similar_petitions
from backend.petitions.together import together_with
from tests.petitions.test_followup import call
from tests.petitions.world import LIUHE_HONGXING, World, reading

LAMP = "锦绣小区门口的路灯不亮，晚上看不见"


async def pair(world: World) -> tuple[str, str]:
    """Two petitions of one matter by two citizens, the elder first."""
    one, other = await world.file(text=LAMP), await world.file(text=LAMP)
    return one.number, other.number


async def test_one_answer_for_all_and_each_citizen_hears(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    main, joined = await pair(world)
    done = await world.done(desk, joined, "merge", main)
    assert (done.number, done.state) == (joined, "joined")
    assert [key for key, _ in await world.said(joined)] == ["petition_merged"]
    await world.done(desk, main, "dispatch", world.orgs["chengguan_construction"].id)
    await world.done(desk, main, "answer", "灯修好了")
    for number in (main, joined):
        row = await world.row(number)
        assert (row.state, row.answer) == ("resolved", "灯修好了")
        said = dict(await world.said(number))
        assert f"number={number}" in said["petition_dispatched"]
        assert f"number={number}" in said["answer_to_petition"]
        assert "ask_rating" in said
    assert [one.type for one in await world.events(joined)] == ["received", "merged", "answered"]
    assert "took_in" in [one.type for one in await world.events(main)]


async def test_the_older_leads_unless_the_other_is_further_on_or_has_others(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    first, second = await pair(world)
    third = (await world.file(text=LAMP)).number
    await world.done(desk, second, "dispatch", world.orgs["chengguan_construction"].id)
    await world.done(desk, first, "merge", second)
    assert (await world.row(first)).state == "joined"
    # `first` stands for the petition it follows.
    await world.done(desk, third, "merge", first)
    main = await world.row(second)
    assert (await world.row(third)).main_id == main.id
    async with world.database.read() as connection:
        together = await together_with(connection, desk, main.id)
    assert [one.number for one in together.joined] == [first, third]
    assert (together.unseen, together.citizens) == (0, 3)


async def test_apart_again_with_its_own_deadline(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    main, joined = await pair(world)
    due_on = (await world.row(joined)).due_on
    await world.done(desk, joined, "merge", main)
    await world.done(desk, joined, "unmerge")
    row = await world.row(joined)
    assert (row.state, row.main_id, row.due_on) == ("accepted", None, due_on)
    await world.done(desk, main, "accept")
    await world.done(desk, main, "answer", "灯修好了")
    assert (await world.row(joined)).answer is None
    assert isinstance(await world.step(desk, joined, "unmerge"), Impossible)


async def test_only_what_the_official_sees_and_may_sort(world: World) -> None:
    desk = await world.official("chengguan", "dispatcher")
    reader = await world.official("chengguan", "handler")
    here, _ = await pair(world)
    there = await world.file(text=LAMP, place="红星村", place_code=LIUHE_HONGXING)
    assert isinstance(await world.step(desk, here, "merge", there.number), Missing)
    assert isinstance(await world.step(reader, here, "merge", here), Forbidden)
    county = await world.official("qinghe", "supervisor")
    await world.done(county, there.number, "merge", here)
    async with world.database.read() as connection:
        seen = await together_with(connection, desk, (await world.row(here)).id)
    # Of what lies in another branch only its number is told.
    assert (list(seen.joined), seen.unseen, seen.citizens) == ([], 1, 2)


async def test_nothing_confidential_and_nothing_about_an_office(world: World) -> None:
    county = await world.official("qinghe", "supervisor")
    main, other = await pair(world)
    report = await world.file(text=LAMP, reading=reading(kind="report"))
    assert await world.step(county, main, "merge", report.number) == Invalid(
        "other", "merge_confidential"
    )
    await world.done(county, other, "set_subject", org_id=world.orgs["chengguan_construction"].id)
    assert await world.step(county, main, "merge", other) == Invalid("other", "merge_recused")
    assert await world.step(county, main, "merge", main) == Invalid("other", "merge_same")


async def test_what_turns_confidential_goes_its_own_way(world: World) -> None:
    county = await world.official("qinghe", "supervisor")
    main, joined = await pair(world)
    await world.done(county, joined, "merge", main)
    await world.done(county, main, "correct", Correction(kind="report"))
    row = await world.row(joined)
    assert (row.state, row.main_id) == ("received", None)


async def test_the_next_takes_over_from_a_withdrawn_main(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    handler = await world.official("chengguan_construction", "handler")
    person = await world.citizen()
    main = (await world.file(person, text=LAMP)).number
    second, third = await pair(world)
    office = world.orgs["chengguan_construction"].id
    await world.done(desk, main, "dispatch", office)
    due_on = (await world.row(main)).due_on
    for number in (second, third):
        await world.done(desk, number, "merge", main)
    await call(world, "withdraw", person, main)
    heir = await world.row(second)
    assert (heir.state, heir.lead_org_id, heir.main_id) == ("dispatched", office, None)
    assert heir.due_on == due_on
    assert (await world.row(third)).main_id == heir.id
    await world.done(handler, second, "answer", "灯修好了")
    assert (await world.row(third)).answer == "灯修好了"
    assert (await world.row(main)).answer is None


async def test_a_citizen_not_content_gets_their_own_back_to_work(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    person = await world.citizen()
    main = (await world.file(text=LAMP)).number
    joined = (await world.file(person, text=LAMP)).number
    office = world.orgs["chengguan_construction"].id
    await world.done(desk, joined, "merge", main)
    await world.done(desk, main, "dispatch", office)
    await world.done(desk, main, "answer", "灯修好了")
    await call(world, "rate", person, joined, 1)
    row = await world.row(joined)
    assert (row.state, row.lead_org_id, row.main_id) == ("dispatched", office, None)
    assert (await world.row(main)).state == "resolved"


async def test_the_citizen_asks_and_urges_as_if_it_were_alone(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    person = await world.citizen()
    main = (await world.file(text=LAMP)).number
    joined = (await world.file(person, text=LAMP)).number
    await world.done(desk, joined, "merge", main)
    await world.done(desk, main, "dispatch", world.orgs["chengguan_construction"].id)
    told = await call(world, "progress", person, joined)
    assert (told.number, told.state) == (joined, "dispatched")
    assert told.office_name == world.orgs["chengguan_construction"].name
    await call(world, "remind", person, joined)
    assert (await world.row(main)).reminders == 1
    await call(world, "withdraw", person, joined)
    assert (await world.row(joined)).state == "withdrawn"


@pytest.mark.parametrize("step", ["accept", "dispatch", "answer"])
async def test_what_follows_is_not_handled_by_itself(world: World, step: str) -> None:
    desk = await world.official("chengguan", "supervisor")
    main, joined = await pair(world)
    await world.done(desk, joined, "merge", main)
    more = {"dispatch": (world.orgs["chengguan_construction"].id,), "answer": ("好了",)}
    outcome = await world.step(desk, joined, step, *more.get(step, ()))
    assert isinstance(outcome, Impossible)


async def test_what_is_merged_is_no_longer_offered(world: World) -> None:
    desk = await world.official("chengguan", "supervisor")
    main, joined = await pair(world)
    one = (await world.row(main)).id

    async def offered() -> list[str]:
        async with world.database.read() as connection:
            return [each.number for each in await similar_petitions(connection, desk, one)]

    assert await offered() == [joined]
    assert isinstance(await world.step(desk, joined, "merge", main), Done)
    assert await offered() == []
