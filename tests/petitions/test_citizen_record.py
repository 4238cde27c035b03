import pytest
from sqlalchemy import select

from backend.conversation import consent
from backend.conversation.addresses import merge_citizens
from backend.organisation.sessions import Actor
from backend.organisation.tables import audit
from backend.petitions.citizen_record import (
    AUDITED,
    CitizenRecord,
    IdentityHidden,
    citizen_record,
)
from tests.petitions.world import LIUHE_HONGXING, World


async def record(world: World, actor: Actor, number: str) -> CitizenRecord | None:
    async with world.database.write() as connection:
        return await citizen_record(connection, actor, number, world.now)


async def audited(world: World) -> list[tuple[int | None, str]]:
    async with world.database.read() as connection:
        rows = await connection.execute(
            select(audit.c.user_id, audit.c.subject).where(audit.c.action == AUDITED)
        )
        return [(row.user_id, row.subject) for row in rows]


async def test_all_that_is_known_of_one_person(world: World) -> None:
    official = await world.official("qinghe", "supervisor")
    person = await world.citizen(phone="13812345678", name="张秀兰")
    first = await world.file(person)
    second = await world.file(person)
    by_sms = await world.citizen("sms", "13812345678")
    third = await world.file(by_sms)
    async with world.database.write() as connection:
        await merge_citizens(connection, by_sms.citizen_id, person.citizen_id, world.now)
        await consent.decide(
            connection,
            citizen_id=person.citizen_id,
            address_id=person.address_id,
            decision="opt_out",
            words="别再发了",
            now=world.now,
        )
    found = await record(world, official, first.number)
    assert found is not None
    assert (found.name, found.phone) == ("张秀兰", "138****5678")
    assert [one.number for one in found.petitions] == [third.number, second.number, first.number]
    assert [one.channel for one in found.addresses] == ["wechat", "sms"]
    assert found.addresses[1].shown == "138****5678"
    assert [(one.decision, one.words) for one in found.decisions] == [("opt_out", "别再发了")]
    assert await audited(world) == [(official.user_id, first.number)]


async def test_another_branch_sees_neither_the_record_nor_its_part_of_it(world: World) -> None:
    person = await world.citizen()
    here = await world.file(person)
    there = await world.file(person, place="红星村", place_code=LIUHE_HONGXING)
    liuhe = await world.official("liuhe", "dispatcher")
    assert await record(world, liuhe, here.number) is None
    found = await record(world, liuhe, there.number)
    assert found is not None
    assert [one.number for one in found.petitions] == [there.number]
    assert await audited(world) == [(liuhe.user_id, there.number)]


async def test_who_reported_is_known_to_few_and_in_nobody_else_s_record(world: World) -> None:
    person = await world.citizen()
    report = await world.file(person, kind="report")
    plain = await world.file(person)
    supervisor = await world.official("chengguan", "supervisor")
    dispatcher = await world.official("chengguan", "dispatcher")
    lead = world.orgs["chengguan_enforcement"].id
    await world.done(supervisor, report.number, "dispatch", lead)
    handler = await world.official("chengguan_enforcement", "handler")
    assert await record(world, dispatcher, report.number) is None
    with pytest.raises(IdentityHidden):
        await record(world, handler, report.number)
    found = await record(world, dispatcher, plain.number)
    assert found is not None
    assert [one.number for one in found.petitions] == [plain.number]
    whole = await record(world, supervisor, plain.number)
    assert whole is not None
    assert [one.number for one in whole.petitions] == [plain.number, report.number]


async def test_a_reader_does_not_see_who_it_is(world: World) -> None:
    filed = await world.file()
    with pytest.raises(IdentityHidden):
        await record(world, await world.official("chengguan", "reader"), filed.number)
    assert await audited(world) == []
