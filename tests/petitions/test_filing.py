import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from backend.petitions.counter import next_number
from backend.petitions.filing import file_petition
from backend.petitions.number import parse_number
from backend.petitions.tables import (
    petition,
    petition_event,
    petition_message,
    petition_reading,
    petition_subject,
)
from tests.petitions.world import LIUHE_HONGXING, NOW, World, reading


async def test_a_filed_petition_has_number_office_and_date(world: World) -> None:
    person = await world.citizen()
    message_id = await world.message(person, "锦绣小区3号楼下水道堵了")
    filed = await world.file(person, message_ids=(message_id,))
    assert filed.number == parse_number(filed.number)
    assert filed.number.startswith("20261123-0001-")
    assert filed.office_name == "城关镇综合行政执法队"
    # sanitation, normal: 7 working days after Monday 23 November.
    assert filed.due_on == date(2026, 12, 2)
    row = await world.row(filed.number)
    assert row.org_id == world.orgs["chengguan"].id
    assert (row.state, row.kind, row.domain) == ("received", "request", "sanitation")
    assert row.text == "锦绣小区3号楼下水道堵了一个月没人管"
    assert not row.confidential
    assert [(e.type, e.actor) for e in await world.events(filed.number)] == [
        ("received", "citizen")
    ]
    async with world.database.read() as connection:
        linked = (await connection.execute(select(petition_message))).all()
        readings = (await connection.execute(select(petition_reading))).all()
    assert [(row.message_id, row.role) for row in linked] == [(message_id, "original")]
    assert {row.field: row.value for row in readings} == {
        "kind": "request",
        "domain": "sanitation",
        "urgency": "normal",
        "place": "锦绣小区3号楼",
    }


async def test_the_mood_is_kept_with_its_confidence(world: World) -> None:
    filed = await world.file(reading=reading(sentiment="angry"))
    assert (await world.row(filed.number)).sentiment == "angry"
    async with world.database.read() as connection:
        query = select(petition_reading).where(petition_reading.c.field == "sentiment")
        [row] = (await connection.execute(query)).all()
    assert (row.value, row.confidence, row.candidates) == (
        "angry",
        0.6,
        [["angry", 0.6], ["calm", 0.3]],
    )
    assert (await world.row((await world.file()).number)).sentiment is None


async def test_an_unknown_mood_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="jolly"):
        await world.file(reading=reading(sentiment="jolly"))


async def test_a_repeat_files_nothing_again(world: World) -> None:
    person = await world.citizen()
    filing = world.filing(person)
    results = []
    for _ in range(3):
        async with world.database.write() as connection:
            results.append(await file_petition(connection, filing, world.rules))
    assert results[0] == results[1] == results[2]
    async with world.database.read() as connection:
        for table in (petition, petition_event):
            count = await connection.execute(select(func.count()).select_from(table))
            assert count.scalar_one() == 1


async def test_a_rolled_back_filing_leaves_no_gap_in_the_numbers(world: World) -> None:
    person = await world.citizen()
    async with world.database.writer.connect() as connection:
        await file_petition(connection, world.filing(person), world.rules)
        await connection.rollback()
    assert (await world.file(person)).number.startswith("20261123-0001-")


async def test_parallel_filings_never_share_a_number(world: World) -> None:
    people = [await world.citizen() for _ in range(24)]
    filed = await asyncio.gather(*(world.file(person) for person in people))
    counters = sorted(int(one.number.split("-")[1]) for one in filed)
    assert counters == list(range(1, 25))


async def test_the_counter_begins_anew_each_day_in_shanghai(world: World) -> None:
    async with world.database.write() as connection:
        numbers = [
            await next_number(connection, now)
            for now in (
                datetime(2026, 11, 23, 15, 59, tzinfo=UTC),
                datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
                datetime(2026, 11, 23, 16, 1, tzinfo=UTC),
            )
        ]
    assert [number[:13] for number in numbers] == [
        "20261123-0001",
        "20261124-0001",
        "20261124-0002",
    ]


async def test_the_dialogue_s_kind_wins_and_the_reading_stays_beside_it(world: World) -> None:
    filed = await world.file(kind="suggestion")
    assert (await world.row(filed.number)).kind == "suggestion"
    async with world.database.read() as connection:
        value = await connection.execute(
            select(petition_reading.c.value).where(petition_reading.c.field == "kind")
        )
        assert value.scalar_one() == "request"


@pytest.mark.parametrize(
    ("changes", "confidential"),
    [
        ({"kind": "report"}, True),
        ({"reading": reading(sensitive=("corruption",))}, True),
        ({"reading": reading(sensitive=("minors",))}, False),
        ({"kind": "complaint"}, False),
    ],
)
async def test_reports_and_corruption_are_confidential(
    world: World, changes: dict[str, object], confidential: bool
) -> None:
    filed = await world.file(**changes)
    assert (await world.row(filed.number)).confidential is confidential


async def test_a_place_nobody_knows_stays_with_the_account_s_office(world: World) -> None:
    filed = await world.file(place="山上", place_code="123456")
    row = await world.row(filed.number)
    assert row.org_id == world.orgs["qinghe"].id
    assert row.place_code is None
    assert filed.office_name is not None
    assert filed.office_name.startswith("青禾县")


async def test_an_sms_citizen_can_be_called_back(world: World) -> None:
    person = await world.citizen("sms", "13800001234")
    filed = await world.file(person)
    assert (await world.row(filed.number)).contact_phone == "13800001234"


async def test_text_that_databases_refuse_is_kept_storable(world: World) -> None:
    filed = await world.file(
        text="下水\x00道\ud800堵了", place="3\x00号", reading=reading(title="堵\udfff了")
    )
    row = await world.row(filed.number)
    assert row.text == "下水\ufffd道\ufffd堵了"


async def test_the_office_complained_about_is_recused_and_not_suggested(world: World) -> None:
    filed = await world.file(kind="complaint", text="城关镇综合行政执法队的人没收我的三轮车还骂人")
    async with world.database.read() as connection:
        subjects = (await connection.execute(select(petition_subject))).all()
    assert [(s.org_id, s.words) for s in subjects] == [
        (world.orgs["chengguan_enforcement"].id, "城关镇综合行政执法队")
    ]
    assert filed.office_name is not None
    assert "执法队" not in filed.office_name
    assert filed.office_name.startswith("青禾县")
    assert "subject_set" in [event.type for event in await world.events(filed.number)]


async def test_a_complaint_s_official_is_recused_by_name(world: World) -> None:
    named = await world.official("chengguan", "handler", "欧阳建国")
    await world.official("chengguan", "handler", "王小明")
    await world.file(kind="complaint", text="窗口的欧阳建国态度很差")
    async with world.database.read() as connection:
        subjects = (await connection.execute(select(petition_subject))).all()
    assert [subject.user_id for subject in subjects] == [named.user_id]


async def test_who_only_asks_for_help_accuses_nobody(world: World) -> None:
    await world.file(text="请教育局帮忙看看孩子入学的事")
    async with world.database.read() as connection:
        assert (await connection.execute(select(petition_subject))).all() == []


async def test_a_kind_outside_the_model_is_a_mistake_of_the_caller(world: World) -> None:
    with pytest.raises(ValueError, match="kind"):
        await world.file(kind="rant")


async def test_an_emergency_is_due_next_working_day(world: World) -> None:
    filed = await world.file(
        reading=reading(urgency="emergency"),
        place_code=LIUHE_HONGXING,
        now=NOW + timedelta(days=4),  # Friday
    )
    assert filed.due_on == date(2026, 11, 30)
    assert filed.office_name == "柳河镇综合行政执法队"
