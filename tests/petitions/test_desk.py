import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from backend.petitions.correction import Correction
from backend.petitions.desk import LONGEST_ANSWER
from backend.petitions.outcomes import Conflict, Done, Forbidden, Impossible, Invalid, Missing
from backend.petitions.queries import petition_view
from backend.petitions.tables import dispatch, petition_reading, petition_subject
from backend.petitions.timeline import Happened, Told
from tests.petitions.world import LIUHE_HONGXING, World, reading


async def test_the_whole_way(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher", "李受理")
    handler = await world.official("chengguan_enforcement", "handler", "王经办")
    lead = world.orgs["chengguan_enforcement"].id
    helper = world.orgs["chengguan_construction"].id
    assert (await world.done(desk, number, "accept")).state == "accepted"
    assert (await world.done(desk, number, "dispatch", lead, [helper], "请处理")).version == 3
    assert (await world.done(handler, number, "start")).state == "in_progress"
    assert (await world.done(handler, number, "answer", " 已经疏通。 ")).state == "resolved"
    row = await world.row(number)
    assert (row.answer, row.lead_org_id) == ("已经疏通。", lead)
    assert None not in (row.accepted_at, row.dispatched_at, row.answered_at)
    events = await world.events(number)
    assert [(e.type, e.actor, e.user_id) for e in events] == [
        ("received", "citizen", None),
        ("accepted", "official", desk.user_id),
        ("dispatched", "official", desk.user_id),
        ("started", "official", handler.user_id),
        ("answered", "official", handler.user_id),
    ]
    title = "下水道堵塞"
    office = "城关镇综合行政执法队"
    assert await world.said(number) == [
        ("petition_accepted", f"number={number} title={title}"),
        (
            "petition_dispatched",
            f"number={number} title={title} office={office} deadline=12月2日",
        ),
        (
            "answer_to_petition",
            f"number={number} title={title} answer=已经疏通。 office={office}",
        ),
        ("ask_rating", ""),
    ]
    async with world.database.read() as connection:
        lines = await connection.execute(
            select(dispatch.c.org_id, dispatch.c.state).order_by(dispatch.c.id)
        )
        assert [tuple(line) for line in lines] == [(lead, "done"), (helper, "done")]
        view = await petition_view(connection, desk, number)
    assert view is not None
    assert [item.type for item in view.timeline if isinstance(item, Happened)] == [
        event.type for event in events
    ]
    assert len([item for item in view.timeline if isinstance(item, Told)]) == 4
    assert view.dispatches[0].org_name == office
    assert view.timeline == sorted(view.timeline, key=lambda item: item.at)


async def test_what_a_rollback_takes_back(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    async with world.database.writer.connect() as connection:
        assert isinstance(await world.desk.accept(connection, desk, number, 1), Done)
        await connection.rollback()
    assert (await world.row(number)).state == "received"
    assert await world.said(number) == []
    assert len(await world.events(number)) == 1


async def test_of_two_officials_at_once_one_is_told_to_look_again(world: World) -> None:
    number = (await world.file()).number
    desks = [await world.official("chengguan", "dispatcher") for _ in range(4)]
    outcomes = await asyncio.gather(
        *(world.step(desk, number, "accept", version=1) for desk in desks)
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "Conflict",
        "Conflict",
        "Conflict",
        "Done",
    ]
    assert Conflict(2) in outcomes
    assert len(await world.events(number)) == 2
    assert len(await world.said(number)) == 1


async def test_correcting_moves_deadline_and_is_learnt(world: World) -> None:
    filed = await world.file()
    desk = await world.official("chengguan", "dispatcher")
    correction = Correction(kind="complaint", domain="roads_traffic", urgency="high")
    await world.done(desk, filed.number, "correct", correction, "是路面塌了")
    row = await world.row(filed.number)
    assert (row.kind, row.domain, row.urgency) == ("complaint", "roads_traffic", "high")
    assert row.due_on == date(2026, 11, 30)
    event = (await world.events(filed.number))[-1]
    assert (event.type, event.reason) == ("corrected", "是路面塌了")
    assert event.detail == {
        "kind": ["request", "complaint"],
        "domain": ["sanitation", "roads_traffic"],
        "urgency": ["normal", "high"],
        "due_on": ["2026-12-02", "2026-11-30"],
    }
    async with world.database.read() as connection:
        rows = (await connection.execute(select(petition_reading))).all()
    learnt = {row.field: (row.value, row.corrected_to, row.corrected_by) for row in rows}
    assert learnt["domain"] == ("sanitation", "roads_traffic", desk.user_id)
    assert learnt["place"] == ("锦绣小区3号楼", None, None)
    # The same again changes nothing.
    again = await world.done(desk, filed.number, "correct", correction)
    assert again.version == 2
    assert len(await world.events(filed.number)) == 2


async def test_a_corrected_place_moves_it_to_its_township(world: World) -> None:
    filed = await world.file()
    town = await world.official("chengguan", "dispatcher")
    correction = Correction(place="红星村2组", place_code=LIUHE_HONGXING)
    await world.done(town, filed.number, "correct", correction)
    row = await world.row(filed.number)
    assert (row.place, row.org_id) == ("红星村2组", world.orgs["liuhe"].id)
    assert isinstance(await world.step(town, filed.number, "accept"), Missing)
    other = await world.official("liuhe", "dispatcher")
    assert isinstance(await world.step(other, filed.number, "accept"), Done)


async def test_what_turns_out_a_report_becomes_confidential(world: World) -> None:
    filed = await world.file(text="县教育局乱收费")
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, filed.number, "dispatch", world.orgs["county_education"].id)
    await world.done(desk, filed.number, "correct", Correction(kind="report"))
    row = await world.row(filed.number)
    assert row.confidential
    # The office it names had it: it is taken away at once.
    assert (row.state, row.lead_org_id) == ("accepted", None)
    assert "recused" in [event.type for event in await world.events(filed.number)]
    async with world.database.read() as connection:
        assert (await connection.execute(select(petition_subject.c.org_id))).scalars().all() == [
            world.orgs["county_education"].id
        ]
        states = await connection.execute(select(dispatch.c.state))
        assert states.scalars().all() == ["withdrawn"]


@pytest.mark.parametrize(
    ("correction", "refused"),
    [
        (Correction(kind="rant"), Invalid("kind", "unknown")),
        (Correction(domain="nothing"), Invalid("domain", "unknown")),
        (Correction(urgency="now"), Invalid("urgency", "unknown")),
        (Correction(sentiment="jolly"), Invalid("sentiment", "unknown")),
        (Correction(place=" "), Invalid("place", "required")),
        (Correction(place="路" * 256), Invalid("place", "too_long")),
        (Correction(place="路", place_code="1"), Invalid("place_code", "unknown")),
        (Correction(place_code=LIUHE_HONGXING), Invalid("place", "required")),
    ],
)
async def test_corrections_that_cannot_be(
    world: World, correction: Correction, refused: Invalid
) -> None:
    filed = await world.file()
    desk = await world.official("chengguan", "dispatcher")
    assert await world.step(desk, filed.number, "correct", correction) == refused
    assert (await world.row(filed.number)).version == 1


async def test_dispatching_again_moves_it_and_tells_of_the_new_office_only(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    first, second = world.orgs["chengguan_enforcement"].id, world.orgs["chengguan_social"].id
    await world.done(desk, number, "dispatch", first)
    await world.done(desk, number, "dispatch", first, [second])
    await world.done(desk, number, "dispatch", second, [second])
    assert [key for key, _ in await world.said(number)] == ["petition_dispatched"] * 2
    async with world.database.read() as connection:
        lines = await connection.execute(
            select(dispatch.c.org_id, dispatch.c.role).where(dispatch.c.state == "open")
        )
        assert [tuple(line) for line in lines] == [(second, "lead")]


async def test_offices_that_cannot_have_it(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    lead = world.orgs["chengguan_enforcement"].id
    assert await world.step(desk, number, "dispatch", 999_999) == Invalid("lead_org_id", "unknown")
    assert await world.step(desk, number, "dispatch", lead, [999_999]) == Invalid(
        "assisting_org_ids", "unknown"
    )
    assert (await world.row(number)).state == "received"


async def test_returning_needs_a_reason_and_sends_it_back(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    handler = await world.official("chengguan_enforcement", "handler")
    await world.done(desk, number, "dispatch", handler.org_id)
    assert await world.step(handler, number, "return_", " ") == Invalid("reason", "required")
    await world.done(handler, number, "return_", "不归我们管")
    row = await world.row(number)
    assert (row.state, row.lead_org_id) == ("accepted", None)
    async with world.database.read() as connection:
        line = (await connection.execute(select(dispatch))).one()
    assert (line.state, line.reason) == ("returned", "不归我们管")


async def test_each_to_their_own_office_and_role(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    reader = await world.official("chengguan", "reader")
    handler = await world.official("chengguan_enforcement", "handler")
    helper = await world.official("chengguan_social", "handler")
    office_desk = await world.official("chengguan_enforcement", "dispatcher")
    assert await world.step(reader, number, "note", "看过") == Forbidden("note")
    assert await world.step(handler, number, "accept") == Missing()
    await world.done(desk, number, "dispatch", handler.org_id, [helper.org_id])
    assert await world.step(handler, number, "accept") == Forbidden("accept")
    assert await world.step(helper, number, "answer", "办好了") == Forbidden("answer")
    # An office it was given to does not redirect it: it returns it.
    assert await world.step(office_desk, number, "dispatch", helper.org_id) == Forbidden("dispatch")
    assert isinstance(await world.step(helper, number, "note", "我们去看过了"), Done)
    for actor, name in ((reader, "correct"), (handler, "correct")):
        refused = await world.step(actor, number, name, Correction(kind="praise"))
        assert refused == Forbidden("correct")
    refused = await world.step(desk, number, "set_confidential", True, "要保密")
    assert refused == Forbidden("set_confidential")


async def test_the_desk_answers_a_question_itself(world: World) -> None:
    filed = await world.file(kind="inquiry", text="办身份证要带什么")
    desk = await world.official("chengguan", "dispatcher")
    assert await world.step(desk, filed.number, "answer", "带户口簿。") == Impossible(
        "received", "answer"
    )
    await world.done(desk, filed.number, "accept")
    await world.done(desk, filed.number, "answer", "带户口簿。")
    assert "office=城关镇" in dict(await world.said(filed.number))["answer_to_petition"]


async def test_answers_that_cannot_be(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, number, "accept")
    assert await world.step(desk, number, "answer", "\n") == Invalid("answer", "required")
    too_long = "好" * (LONGEST_ANSWER + 1)
    assert await world.step(desk, number, "answer", too_long) == Invalid("answer", "too_long")
    await world.done(desk, number, "answer", "好\x00了\ud83d")
    assert (await world.row(number)).answer == "好\ufffd了\ufffd"
    assert await world.step(desk, number, "answer", "又好了") == Impossible("resolved", "answer")


async def test_a_note_leaves_a_colleague_s_page_good(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, number, "note", "已电话联系")
    assert isinstance(await world.step(desk, number, "accept", version=1), Done)
    assert [key for key, _ in await world.said(number)] == ["petition_accepted"]


async def test_the_office_in_charge_turns_out_to_be_the_subject(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    team = await world.official("chengguan_enforcement", "handler")
    await world.done(desk, number, "dispatch", team.org_id, [world.orgs["county_urban"].id])
    await world.done(team, number, "start")
    done = await world.done(desk, number, "set_subject", org_id=team.org_id, reason="说的是他们")
    assert done.state == "accepted"
    assert done.version == (await world.row(number)).version
    assert isinstance(await world.step(team, number, "answer", "没有的事"), Missing)


async def test_subjects_that_cannot_be(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    team = world.orgs["chengguan_enforcement"].id
    cases = [
        ({}, Invalid("org_id", "required")),
        ({"org_id": team, "user_id": desk.user_id}, Invalid("org_id", "required")),
        ({"org_id": 999_999}, Invalid("org_id", "unknown")),
        ({"user_id": 999_999}, Invalid("user_id", "unknown")),
        ({"org_id": world.orgs["qinghe"].id}, Invalid("org_id", "whole_county")),
    ]
    for given, refused in cases:
        assert await world.step(desk, number, "set_subject", **given) == refused
    await world.done(desk, number, "set_subject", org_id=team)
    assert await world.step(desk, number, "set_subject", org_id=team) == Invalid("org_id", "same")
    assert await world.step(desk, number, "lift_subject", 999_999, "错了") == Invalid(
        "subject_id", "unknown"
    )


async def test_the_page_offers_what_the_desk_allows(world: World) -> None:
    number = (await world.file()).number
    desk = await world.official("chengguan", "dispatcher")
    reader = await world.official("chengguan", "reader")
    async with world.database.read() as connection:
        view = await petition_view(connection, desk, number)
        look = await petition_view(connection, reader, number)
    assert view is not None
    assert look is not None
    assert view.actions == {
        "accept",
        "correct",
        "dispatch",
        "merge",
        "note",
        "set_subject",
        "lift_subject",
    }
    assert look.actions == frozenset()
    assert (view.readings[0].field, view.readings[0].value) == ("kind", "request")
    assert view.readings[0].candidates == [("request", 0.9), ("inquiry", 0.1)]


async def test_a_deadline_of_next_year_is_said_with_its_year(world: World) -> None:
    filed = await world.file(
        reading=reading(urgency="low"), now=datetime(2026, 12, 25, 4, tzinfo=UTC)
    )
    desk = await world.official("chengguan", "dispatcher")
    await world.done(desk, filed.number, "dispatch", world.orgs["chengguan_enforcement"].id)
    said = dict(await world.said(filed.number))["petition_dispatched"]
    assert f"deadline=2027年{filed.due_on.month}月{filed.due_on.day}日" in said
