"""What a deployment saves, on both databases: it holds at once, everywhere, and nothing wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from backend.catalogue import CatalogueError
from backend.conversation.texts import Reply, Texts
from backend.deployment import versions
from backend.deployment.days import put_year
from backend.deployment.difference import changes
from backend.deployment.effective import REPLIES, SERVICES, effective, merged
from backend.deployment.offices import GivenOffice, put_office
from backend.deployment.refusal import ChangeRefused
from backend.deployment.reply_wording import put_wording
from backend.organisation.tables import audit, org
from tests.deployment.county import SHIPPED, County, codes
from tests.petitions.world import DATA


async def test_a_saved_text_is_said_at_once_and_by_other_processes(county: County) -> None:
    theirs = Texts.load(DATA / "texts" / "replies.yml")
    taken_up = asyncio.Event()
    other = county.process(theirs, lambda _: taken_up.set())
    await other.refresh()
    await county.save(lambda now: put_wording(now, SHIPPED, "here", "我在。", ""), "短些")
    assert county.says("here") == "我在。"
    assert theirs.render([Reply("here")], "sms") == "您好，我在呢。"
    following = asyncio.create_task(other.follow())
    other.heard(county.told[-1])
    async with asyncio.timeout(10):
        await taken_up.wait()
    assert theirs.render([Reply("here")], "sms") == "我在。"
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    async with county.world.database.read() as connection:
        [saved] = await versions.history(connection, REPLIES)
        events = (await connection.execute(select(audit.c.action, audit.c.subject))).all()
    assert (saved.number, saved.note, saved.content) == (1, "短些", {"here": {"text": "我在。"}})
    assert ("deployment_changed", "replies") in {tuple(row) for row in events}


async def test_only_own_entries_are_kept_and_shipped_ones_come_through(county: County) -> None:
    await county.save(lambda now: put_wording(now, SHIPPED, "here", "我在。", ""))
    async with county.world.database.read() as connection:
        own = await versions.newest(connection)
    updated = {**SHIPPED.contents, REPLIES: {**SHIPPED.contents[REPLIES], "new": {"text": "新"}}}
    found = effective(replace(SHIPPED, contents=updated), own)
    assert found.replies["new"] == {"text": "新"}
    assert found.replies["here"] == {"text": "我在。"}


def test_an_own_wording_with_a_parameter_no_longer_given_is_left_out() -> None:
    own = {REPLIES: {"here": {"text": "{gone}"}, "no_longer_said": {"text": "好"}}}
    found = merged(SHIPPED, own)[REPLIES]
    assert found == SHIPPED.contents[REPLIES]


async def test_saving_what_is_there_already_makes_no_version(county: County) -> None:
    shipped = SHIPPED.contents[REPLIES]["greet"]
    await county.save(lambda now: put_wording(now, SHIPPED, "greet", **shipped))
    async with county.world.database.read() as connection:
        assert await versions.newest_id(connection) == 0


async def test_what_the_loader_refuses_is_not_saved(county: County) -> None:
    services = SHIPPED.contents[SERVICES]
    broken = {**services, "sanitation": {**services["sanitation"], "level": "province"}}
    with pytest.raises(CatalogueError):
        await county.save(lambda _: {SERVICES: broken})
    async with county.world.database.read() as connection:
        assert await versions.newest_id(connection) == 0
    assert county.world.rules.catalogue.services["sanitation"].level == "township"


async def test_offices_are_added_renamed_moved_and_closed_in_the_tree(county: County) -> None:
    given = GivenOffice("城关镇文化站", "station", "chengguan", "", "")
    await county.save(lambda now: put_office(now, "unit_1", given))
    moved = replace(given, name="柳河镇文化站", parent="liuhe")
    await county.save(lambda now: put_office(now, "unit_1", moved))
    async with county.world.database.read() as connection:
        row = (await connection.execute(select(org).where(org.c.code == "unit_1"))).one()
    assert (row.name, row.active) == ("柳河镇文化站", True)
    assert row.path.startswith(county.world.orgs["liuhe"].path)
    await county.save(lambda now: put_office(now, "unit_1", replace(moved, active=False)))
    async with county.world.database.read() as connection:
        assert not await connection.scalar(select(org.c.active).where(org.c.code == "unit_1"))


async def test_an_office_with_open_petitions_is_not_closed(county: County) -> None:
    world = county.world
    desk = await world.official("chengguan", "dispatcher")
    filed = await world.file()
    await world.done(desk, filed.number, "accept")
    lead = world.orgs["chengguan_enforcement"].id
    await world.done(desk, filed.number, "dispatch", lead, [])
    closed = GivenOffice(
        "城关镇综合行政执法队", "office", "chengguan", "enforcement", "", active=False
    )
    with pytest.raises(ChangeRefused) as refused:
        await county.save(lambda now: put_office(now, "chengguan_enforcement", closed))
    [problem] = refused.value.problems
    assert (problem.code, problem.params["count"]) == ("open_petitions", 1)
    async with world.database.read() as connection:
        assert await connection.scalar(select(org.c.active).where(org.c.id == lead))


async def test_what_no_office_does_goes_to_the_township_itself(county: County) -> None:
    closed = GivenOffice(
        "城关镇综合行政执法队", "office", "chengguan", "enforcement", "", active=False
    )
    await county.save(lambda now: put_office(now, "chengguan_enforcement", closed))
    catalogue = county.world.rules.catalogue
    assert catalogue.offices("sanitation", "990101101003").lead == "chengguan"
    gaps = [gap for gap in catalogue.gaps if gap.domain == "sanitation"]
    assert [(gap.parent, gap.function) for gap in gaps] == [("chengguan", "enforcement")]
    filed = await county.world.file()
    assert filed.office_name == "城关镇"


async def test_a_year_moves_deadlines_at_once(county: County) -> None:
    rules, now = county.world.rules, county.world.clock.now()
    before = rules.due_on("sanitation", "high", now)
    days = "\n".join(f"11月{day}日" for day in range(24, 31))
    await county.save(lambda current: put_year(current, 2026, days, ""))
    assert rules.due_on("sanitation", "high", now) > before


async def test_a_difference_names_entry_and_field(county: County) -> None:
    await county.save(lambda now: put_wording(now, SHIPPED, "here", "我在。", "在"))
    [change] = changes(REPLIES, SHIPPED.contents[REPLIES], county.deployment.current.replies)
    assert (change.key, change.way) == ("here", "changed")
    told = [(one.field, one.before, one.after) for one in change.fields]
    assert told == [("text", "您好，我在呢。", "我在。"), ("sms", None, "在")]


async def test_two_who_save_at_once_are_both_kept_or_told(county: County) -> None:
    others = [county.process(county.texts) for _ in range(3)]

    async def save(number: int) -> None:
        await others[number].save(
            lambda now: put_wording(now, SHIPPED, "here", f"我在{number}。", ""),
            user_id=county.admin.user_id,
            note="",
        )

    results = await asyncio.gather(*(save(n) for n in range(3)), return_exceptions=True)
    for one in results:
        assert one is None or (
            isinstance(one, ChangeRefused) and codes(one.problems) == [("", "changed_meanwhile")]
        )
    async with county.world.database.read() as connection:
        saved = await versions.history(connection, REPLIES)
    assert len(saved) == results.count(None) >= 1
