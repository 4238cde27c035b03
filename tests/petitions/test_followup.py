from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from backend.conversation.addresses import merge_citizens
from backend.petitions import followup
from backend.petitions.citizen_act import CitizenAct, NotFound, NotPossible
from backend.petitions.filing import UNKNOWN_PLACE
from backend.petitions.followup import (
    Added,
    AlreadyRated,
    BadPhone,
    ContactSet,
    Rated,
    Reminded,
    Withdrawn,
)
from backend.petitions.handover import close_handover, hand_over, open_handovers
from backend.petitions.progress import (
    WRONG_TAILS_ALLOWED,
    PhoneNeeded,
    Progress,
    TooManyTries,
    progress,
    recent_for_citizen,
)
from backend.petitions.tables import dispatch, petition, petition_event, petition_message
from tests.petitions.world import Person, World


async def call(
    world: World,
    name: str,
    person: Person,
    number: str | None,
    *args: Any,
    now: datetime | None = None,
    dedupe_key: str | None = None,
    **more: Any,
) -> Any:
    done = progress if name == "progress" else getattr(followup, name)
    async with world.database.write() as connection:
        act = CitizenAct(
            connection,
            world.rules,
            person.citizen_id,
            number,
            now or world.now,
            dedupe_key or world.key(),
        )
        return await done(act, *args, **more)


async def ask(world: World, person: Person, number: str | None, tail: str | None = None) -> Any:
    return await call(world, "progress", person, number, tail)


async def resolved(world: World, person: Person) -> str:
    filed = await world.file(person)
    desk = await world.official("chengguan", "dispatcher")
    lead = world.orgs["chengguan_enforcement"].id
    await world.done(desk, filed.number, "dispatch", lead)
    await world.done(desk, filed.number, "answer", "已经疏通。")
    return filed.number


async def count(world: World, table: Any) -> int:
    async with world.database.read() as connection:
        found = await connection.execute(select(func.count()).select_from(table))
        return int(found.scalar_one())


async def test_progress_of_one_s_own(world: World) -> None:
    person = await world.citizen()
    assert await ask(world, person, None) == NotFound(None)
    first = await world.file(person)
    second = await world.file(person)
    told = await ask(world, person, first.number)
    assert isinstance(told, Progress)
    assert (told.own, told.state, told.office_name) == (True, "received", first.office_name)
    newest = await ask(world, person, None)
    assert newest.number == second.number
    assert await ask(world, person, "20261123-9999-0") == NotFound("20261123-9999-0")


@pytest.mark.parametrize(
    ("account", "external_id", "values"),
    [("sms", "13800001234", {}), ("wx", "", {"phone": "13800001234"})],
)
async def test_another_s_progress_needs_the_last_digits(
    world: World, account: str, external_id: str, values: dict[str, str]
) -> None:
    owner = await world.citizen(account, external_id, **values)
    other = await world.citizen()
    number = await resolved(world, owner)
    assert await ask(world, other, number) == PhoneNeeded(number, wrong=False)
    assert await ask(world, other, number, "1235") == PhoneNeeded(number, wrong=True)
    assert await ask(world, other, number, "234") == PhoneNeeded(number, wrong=True)
    told = await ask(world, other, number, "1234")
    assert isinstance(told, Progress)
    assert told.state == "resolved"
    assert (told.own, told.title, told.answer, told.rating) == (False, None, None, None)


async def test_guessing_the_digits_ends_soon(world: World) -> None:
    owner, other = await world.citizen("sms", "13800001234"), await world.citizen()
    filed = await world.file(owner)
    for guess in range(WRONG_TAILS_ALLOWED):
        await ask(world, other, filed.number, f"000{guess}")
    assert await ask(world, other, filed.number, "1234") == TooManyTries(filed.number)
    world.clock.move(timedelta(hours=25))
    assert isinstance(await ask(world, other, filed.number, "1234"), Progress)


async def test_a_confidential_petition_is_nobody_else_s(world: World) -> None:
    owner, other = await world.citizen("sms", "13800001234"), await world.citizen()
    filed = await world.file(owner, kind="report")
    assert await ask(world, other, filed.number, "1234") == NotFound(filed.number)
    assert isinstance(await ask(world, owner, filed.number), Progress)


async def test_a_merged_citizen_keeps_all_their_petitions(world: World) -> None:
    old, middle, new = [await world.citizen() for _ in range(3)]
    numbers = [(await world.file(person)).number for person in (old, middle, new)]
    async with world.database.write() as connection:
        await merge_citizens(connection, old.citizen_id, middle.citizen_id, world.now)
        await merge_citizens(connection, middle.citizen_id, new.citizen_id, world.now)
    async with world.database.read() as connection:
        briefs = await recent_for_citizen(connection, new.citizen_id)
        assert [brief.number for brief in briefs] == numbers[::-1]
        assert len(await recent_for_citizen(connection, new.citizen_id, 2)) == 2
    assert (await ask(world, new, numbers[0])).own


async def test_adding_joins_messages_and_is_an_event(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person)
    photo = await world.message(person, "", photos=1)
    key = world.key()
    for _ in range(2):
        added = await call(world, "add", person, None, "还有照片", [photo], dedupe_key=key)
        assert added == Added(filed.number, filed.title)
    assert await count(world, petition_message) == 1
    assert [event.type for event in await world.events(filed.number)] == ["received", "added"]
    assert (await world.row(filed.number)).version == 2


async def test_others_change_nothing(world: World) -> None:
    person, stranger = await world.citizen(), await world.citizen()
    number = await resolved(world, person)
    events = len(await world.events(number))
    for name, args in (
        ("add", ("多谢", [])),
        ("remind", ()),
        ("withdraw", ()),
        ("rate", (5,)),
        ("set_contact", ("13800001234", None)),
    ):
        assert await call(world, name, stranger, number, *args) == NotFound(number)
    assert len(await world.events(number)) == events


async def test_one_reminder_counts_on_a_working_day(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person)
    key = world.key()
    first = await call(world, "remind", person, None, dedupe_key=key)
    assert first == Reminded(filed.number, True, 1, filed.office_name, filed.due_on)
    assert await call(world, "remind", person, None, dedupe_key=key) == first
    second = await call(world, "remind", person, filed.number, "还没人来")
    assert (second.counted, second.reminders) == (False, 1)
    # Saturday and Sunday belong to the Monday after them.
    counted = []
    for days in (5, 1, 1, 1):
        world.clock.move(timedelta(days=days))
        counted.append((await call(world, "remind", person, None)).counted)
    assert counted == [True, False, False, True]
    assert (await world.row(filed.number)).reminders == 3
    assert len(await world.events(filed.number)) == 7


async def test_withdrawing_ends_the_work(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person)
    desk = await world.official("chengguan", "dispatcher")
    lead = world.orgs["chengguan_enforcement"].id
    await world.done(desk, filed.number, "dispatch", lead)
    key = world.key()
    for _ in range(2):
        withdrawn = await call(world, "withdraw", person, None, "解决了", dedupe_key=key)
        assert withdrawn == Withdrawn(filed.number, filed.title)
    assert (await world.row(filed.number)).state == "withdrawn"
    async with world.database.read() as connection:
        states = await connection.execute(select(dispatch.c.state))
        assert states.scalars().all() == ["withdrawn"]
    assert await call(world, "withdraw", person, filed.number) == NotPossible(
        filed.number, "withdrawn"
    )
    assert await call(world, "remind", person, None) == NotFound(None)
    assert await call(world, "remind", person, filed.number) == NotPossible(
        filed.number, "withdrawn"
    )


async def test_content_citizens_close(world: World) -> None:
    person = await world.citizen()
    number = await resolved(world, person)
    key = world.key()
    for _ in range(2):
        rated = await call(world, "rate", person, number, 3, "还行", dedupe_key=key)
        assert (rated.level, rated.reopened) == (3, False)
    row = await world.row(number)
    assert (row.state, row.rating, row.rating_comment) == ("closed", 3, "还行")
    assert row.closed_at == world.now
    assert [e.type for e in await world.events(number)].count("rated") == 1
    assert await call(world, "rate", person, number, 5) == AlreadyRated(number, 3)


async def test_who_is_not_content_is_heard_again(world: World) -> None:
    person = await world.citizen()
    number = await resolved(world, person)
    world.clock.move(timedelta(days=7))
    key = world.key()
    rated = await call(world, "rate", person, number, 2, "又堵了", dedupe_key=key)
    assert isinstance(rated, Rated)
    assert (rated.reopened, rated.due_on) == (True, date(2026, 12, 9))
    assert rated.office_name == "城关镇综合行政执法队"
    assert await call(world, "rate", person, number, 2, dedupe_key=key) == rated
    row = await world.row(number)
    assert (row.state, row.reopened, row.rating) == ("dispatched", 1, 2)
    assert (row.answered_at, row.closed_at) == (None, None)
    assert row.answer == "已经疏通。"
    assert [e.type for e in await world.events(number)][-2:] == ["rated", "reopened"]
    async with world.database.read() as connection:
        open_ones = await connection.execute(
            select(dispatch.c.org_id, dispatch.c.role).where(dispatch.c.state == "open")
        )
        lead = world.orgs["chengguan_enforcement"].id
        assert [tuple(one) for one in open_ones] == [(lead, "lead")]
    # Answered and rated again.
    handler = await world.official("chengguan_enforcement", "handler")
    await world.done(handler, number, "answer", "重新疏通了。")
    assert not (await call(world, "rate", person, number, 5)).reopened
    assert (await world.row(number)).rating == 5


async def test_only_an_answer_is_rated(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person)
    assert await call(world, "rate", person, filed.number, 5) == NotPossible(
        filed.number, "received"
    )
    with pytest.raises(ValueError, match="rating"):
        await call(world, "rate", person, filed.number, 6)


async def test_a_contact_is_kept_and_its_event_masked(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person)
    key = world.key()
    for _ in range(2):
        given = await call(
            world, "set_contact", person, filed.number, "138 0000-1234", "张三", dedupe_key=key
        )
        assert given == ContactSet(filed.number, "138****1234")
    row = await world.row(filed.number)
    assert (row.contact_phone, row.contact_name) == ("13800001234", "张三")
    events = await world.events(filed.number)
    assert [event.type for event in events] == ["received", "contact_set"]
    assert "13800001234" not in str(events[-1].detail)
    assert await call(world, "set_contact", person, filed.number, "12", None) == BadPhone(
        filed.number
    )


async def test_after_the_end_nothing_is_added(world: World) -> None:
    person = await world.citizen()
    number = await resolved(world, person)
    assert await call(world, "add", person, number, "多谢", []) == Added(number, "下水道堵塞")
    await call(world, "rate", person, number, 5)
    refused = NotPossible(number, "closed")
    assert await call(world, "add", person, number, "多谢", []) == refused
    assert await call(world, "set_contact", person, number, "13800001234", None) == refused


async def test_a_handover_waits_for_a_person_of_the_branch(world: World) -> None:
    person = await world.citizen()
    org_id = world.orgs["chengguan"].id
    async with world.database.write() as connection:
        given = [
            await hand_over(connection, person.citizen_id, org_id, 7, "找人工", world.now)
            for _ in range(2)
        ]
        later = await hand_over(connection, person.citizen_id, org_id, 8, "人呢", world.now)
    assert given[0] == given[1]
    assert given[0].waiting_since is None
    assert later.waiting_since == world.now
    desk = await world.official("chengguan", "dispatcher")
    elsewhere = await world.official("liuhe", "dispatcher")
    reader = await world.official("chengguan", "reader")
    async with world.database.write() as connection:
        assert [one.text for one in await open_handovers(connection, desk)] == ["找人工", "人呢"]
        for actor in (elsewhere, reader):
            assert await open_handovers(connection, actor) == []
            assert not await close_handover(connection, actor, later.handover_id, world.now)
        assert await close_handover(connection, desk, later.handover_id, world.now)
        assert not await close_handover(connection, desk, later.handover_id, world.now)
        assert len(await open_handovers(connection, desk)) == 1


async def test_the_last_event_says_where_it_stands(world: World) -> None:
    person = await world.citizen()
    number = await resolved(world, person)
    await call(world, "rate", person, number, 1)
    await call(world, "withdraw", person, number)
    told = [e.detail["state"] for e in await world.events(number) if "state" in (e.detail or {})]
    assert told[-1][1] == (await world.row(number)).state


async def test_erasing_a_name_leaves_progress(world: World) -> None:
    person = await world.citizen("sms", "13800001234")
    filed = await world.file(person)
    async with world.database.write() as connection:
        await connection.execute(update(petition).values(contact_phone=None, text=""))
        await connection.execute(update(petition_event).values(reason="", detail=None))
    assert isinstance(await ask(world, person, filed.number), Progress)


async def test_a_place_that_nobody_knew_is_added_once(world: World) -> None:
    person = await world.citizen()
    filed = await world.file(person, place=UNKNOWN_PLACE, place_code=None)
    async with world.database.read() as connection:
        assert (await recent_for_citizen(connection, person.citizen_id))[0].placeless
    for place in ("锦绣小区5号楼", "别的地方"):
        added = await call(world, "add", person, filed.number, "在这里", (), place=place)
        assert isinstance(added, Added)
    async with world.database.read() as connection:
        row = (await connection.execute(select(petition.c.place, petition.c.version))).one()
        assert row.place == "锦绣小区5号楼"
        assert not (await recent_for_citizen(connection, person.citizen_id))[0].placeless
        details = await connection.execute(
            select(petition_event.c.detail)
            .where(petition_event.c.type == "added")
            .order_by(petition_event.c.id)
        )
        assert [row.detail.get("place") for row in details] == [
            [UNKNOWN_PLACE, "锦绣小区5号楼"],
            None,
        ]
