"""Who sees what: each case on both databases, through the queue, the page and the media."""

from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.tables import media
from backend.organisation.sessions import Actor
from backend.petitions.citizen_act import CitizenAct
from backend.petitions.followup import rate
from backend.petitions.outcomes import Invalid, Missing
from backend.petitions.queries import petition_view
from backend.petitions.queue import Filters, queue_counts, queue_page
from backend.petitions.timeline import media_visible
from tests.petitions.world import World, reading


async def sees(world: World, actor: Actor, number: str) -> bool:
    """The same by every way in."""
    async with world.database.read() as connection:
        page = await queue_page(connection, actor, Filters(), world.now)
        in_queue = number in [item.number for item in page.items]
        view = await petition_view(connection, actor, number)
        counts = await queue_counts(connection, actor, Filters(), world.now)
    assert (view is not None) == in_queue
    assert counts.total == len(page.items)
    step = await world.step(actor, number, "note", " ")
    assert isinstance(step, Missing) == (not in_queue)
    return in_queue


async def cast(world: World) -> dict[str, Actor]:
    places = {
        "county": "qinghe",
        "town": "chengguan",
        "team": "chengguan_enforcement",
        "desk": "chengguan_reception",
        "other_town": "liuhe",
        "department": "county_urban",
    }
    return {name: await world.official(office, "dispatcher") for name, office in places.items()}


async def who_sees(world: World, actors: dict[str, Actor], number: str) -> set[str]:
    return {name for name, actor in actors.items() if await sees(world, actor, number)}


async def test_branch(world: World) -> None:
    actors = await cast(world)
    number = (await world.file()).number
    assert await who_sees(world, actors, number) == {"county", "town"}
    lead, helper = world.orgs["chengguan_enforcement"].id, world.orgs["county_urban"].id
    await world.done(actors["town"], number, "dispatch", lead, [helper])
    assert await who_sees(world, actors, number) == {"county", "town", "team", "department"}
    # An office that sent it back no longer sees it, nor do those who only assisted.
    await world.done(actors["team"], number, "return_", "不归我们管")
    assert await who_sees(world, actors, number) == {"county", "town"}
    # A department of the county that leads sees it, and keeps what it answered.
    await world.done(actors["county"], number, "dispatch", helper)
    await world.done(actors["department"], number, "answer", "已办好。")
    assert await who_sees(world, actors, number) == {"county", "town", "department"}


async def test_who_answered_before_it_was_reopened_still_sees_it(world: World) -> None:
    actors = await cast(world)
    person = await world.citizen()
    number = (await world.file(person)).number
    team, department = world.orgs["chengguan_enforcement"].id, world.orgs["county_urban"].id
    await world.done(actors["county"], number, "dispatch", department)
    await world.done(actors["department"], number, "answer", "已办好。")
    async with world.database.write() as connection:
        act = CitizenAct(connection, world.rules, person.citizen_id, number, world.now, world.key())
        await rate(act, 1)
    await world.done(actors["county"], number, "dispatch", team)
    assert await who_sees(world, actors, number) == {"county", "town", "team", "department"}
    await world.done(actors["team"], number, "return_", "不归我们管")
    assert await who_sees(world, actors, number) == {"county", "town", "department"}


@pytest.mark.parametrize(
    ("subject", "blind"),
    [
        ("chengguan_enforcement", {"team"}),
        ("chengguan", {"town", "team", "desk"}),
        ("county_urban", {"department"}),
        ("liuhe", {"other_town"}),
    ],
)
async def test_recusal_hides_from_the_office_and_all_inside_it(
    world: World, subject: str, blind: set[str]
) -> None:
    actors = await cast(world)
    number = (await world.file()).number
    orgs = world.orgs
    everyone = [orgs["chengguan_reception"].id, orgs["county_urban"].id, orgs["liuhe"].id]
    lead = orgs["chengguan_enforcement"].id
    await world.done(actors["county"], number, "dispatch", lead, everyone)
    assert await who_sees(world, actors, number) == set(actors)
    await world.done(actors["county"], number, "set_subject", org_id=orgs[subject].id)
    left = await who_sees(world, actors, number)
    assert not left & blind
    assert "county" in left
    # It cannot be given back to them, not as assisting office either.
    for lead_id, others in ((orgs[subject].id, []), (orgs["county_land"].id, [orgs[subject].id])):
        refused = await world.step(actors["county"], number, "dispatch", lead_id, others)
        assert isinstance(refused, Invalid)
        assert refused.problem == "recused"
    # Lifting gives it back to those who may see it by branch.
    async with world.database.read() as connection:
        view = await petition_view(connection, actors["county"], number)
    assert view is not None
    await world.done(
        actors["county"], number, "lift_subject", view.subjects[0].id, "核实过，不是他们"
    )
    assert {"county", "town"} <= await who_sees(world, actors, number)


async def test_recusal_binds_every_role(world: World) -> None:
    number = (await world.file()).number
    county = await world.official("qinghe", "dispatcher")
    await world.done(county, number, "set_subject", org_id=world.orgs["chengguan"].id)
    for role in ("admin", "supervisor", "dispatcher", "handler", "reader"):
        assert not await sees(world, await world.official("chengguan", role), number)
        assert await sees(world, await world.official("qinghe", role), number)


async def test_an_official_does_not_see_what_is_said_of_them(world: World) -> None:
    number = (await world.file()).number
    one = await world.official("chengguan", "dispatcher")
    colleague = await world.official("chengguan", "dispatcher")
    assert await sees(world, one, number)
    await world.done(colleague, number, "set_subject", user_id=one.user_id)
    assert not await sees(world, one, number)
    assert await sees(world, colleague, number)
    boss = await world.official("chengguan", "admin")
    await world.done(colleague, number, "set_subject", user_id=boss.user_id)
    assert not await sees(world, boss, number)


async def test_a_complaint_is_hidden_from_its_office_from_the_first_moment(world: World) -> None:
    filed = await world.file(kind="complaint", text="城关镇政府的干部收了钱不办事")
    assert not await sees(world, await world.official("chengguan", "admin"), filed.number)
    assert not await sees(
        world, await world.official("chengguan_discipline", "supervisor"), filed.number
    )
    assert await sees(world, await world.official("qinghe", "dispatcher"), filed.number)


async def test_confidential(world: World) -> None:
    person = await world.citizen(phone="13800001234", name="张三丰")
    filed = await world.file(
        person,
        kind="report",
        text="有人套取低保，我叫张三丰，电话13800001234",
        reading=reading(sensitive=("corruption",), title="套取低保"),
    )
    number = filed.number
    town = {
        role: await world.official("chengguan", role)
        for role in ("admin", "supervisor", "dispatcher", "handler", "reader")
    }
    assert await who_sees(world, town, number) == {"admin", "supervisor"}
    lead, helper = world.orgs["county_discipline"], world.orgs["county_civil_affairs"]
    office = {
        role: await world.official("county_discipline", role)
        for role in ("supervisor", "dispatcher", "handler", "reader")
    }
    assert await who_sees(world, office, number) == set()
    await world.done(town["supervisor"], number, "dispatch", lead.id, [helper.id])
    assert await who_sees(world, office, number) == {"supervisor", "dispatcher", "handler"}
    # Neither assisting offices nor those above the lead, but for their supervisors.
    assert not await sees(world, await world.official("county_civil_affairs", "handler"), number)
    assert not await sees(world, await world.official("qinghe", "dispatcher"), number)
    assert await sees(world, await world.official("qinghe", "supervisor"), number)
    async with world.database.read() as connection:
        known = await petition_view(connection, town["supervisor"], number)
        unknown = await petition_view(connection, office["handler"], number)
    assert known is not None
    assert unknown is not None
    assert (known.identity_shown, known.contact_phone) == (True, "13800001234")
    assert (unknown.identity_shown, unknown.contact_name) == (False, "张**")
    assert "13800001234" not in repr(unknown)
    assert "套取低保" in unknown.text
    # Opened by a supervisor, with a reason, everybody of the branch sees it.
    await world.done(town["supervisor"], number, "set_confidential", False, "不涉及举报人")
    assert await who_sees(world, town, number) == set(town)


async def test_readers_see_no_phone(world: World) -> None:
    person = await world.citizen("sms", "13800001234")
    message_id = await world.message(person, "下水道堵了，打我电话13800001234")
    number = (await world.file(person, message_ids=(message_id,))).number
    reader = await world.official("chengguan", "reader")
    handler = await world.official("chengguan", "handler")
    async with world.database.read() as connection:
        masked = await petition_view(connection, reader, number)
        clear = await petition_view(connection, handler, number)
    assert masked is not None
    assert clear is not None
    assert masked.contact_phone == "138****1234"
    assert "13800001234" not in repr(masked)
    assert clear.contact_phone == "13800001234"


async def test_photos_go_with_their_petition(world: World) -> None:
    person = await world.citizen()
    message_id = await world.message(person, "", photos=1)
    filed = await world.file(person, message_ids=(message_id,))
    stray = await world.message(person, "", photos=1)
    async with world.database.read() as connection:
        rows = (await connection.execute(select(media.c.id, media.c.message_id))).all()
    ids: dict[int, int] = {row.message_id: row.id for row in rows}
    town, other = [await world.official(office, "reader") for office in ("chengguan", "liuhe")]
    async with world.database.read() as connection:
        assert await media_visible(connection, town, ids[message_id])
        assert not await media_visible(connection, other, ids[message_id])
        assert not await media_visible(connection, town, ids[stray])
        view = await petition_view(connection, town, filed.number)
    assert view is not None
    photos: Any = view.timeline[0]
    assert [item.id for item in photos.media] == [ids[message_id]]


async def test_an_unknown_role_sees_nothing(world: World) -> None:
    number = (await world.file()).number
    assert not await sees(world, await world.official("qinghe", "visitor"), number)


async def test_a_path_is_no_prefix_of_another_number(world: World) -> None:
    """/1/3/ is no ancestor of /1/35/: paths end in a slash."""
    codes = {row.path: code for code, row in world.orgs.items()}
    paths = sorted(codes)
    close = [
        (short, long)
        for short in paths
        for long in paths
        if long.startswith(short[:-1]) and not long.startswith(short)
    ]
    assert close, "the example tree is large enough for this"
    short, long = next(
        (short, long) for short, long in close if codes[long] in ("chengguan", "liuhe", "shiqiao")
    )
    division = world.rules.catalogue.organisation[codes[long]].division
    filed = await world.file(place_code=division)
    assert (await world.row(filed.number)).org_id == world.orgs[codes[long]].id
    assert not await sees(world, await world.official(codes[short], "admin"), filed.number)
    await world.done(
        await world.official("qinghe", "admin"),
        filed.number,
        "set_subject",
        org_id=world.orgs[codes[short]].id,
    )
    assert await sees(world, await world.official(codes[long], "reader"), filed.number)
