"""Whom a survey reaches, how it opens and closes, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backend.conversation.consent import decide
from backend.conversation.tables import PUSH_KIND, address, citizen, message
from backend.organisation.sessions import Actor
from backend.organisation.tables import audit
from backend.surveys.audience import phone_list, reach_by_village, reach_together
from backend.surveys.authoring import Draft, choose_divisions, copy_survey, save_draft
from backend.surveys.lifecycle import State, Step, SurveyRefused
from backend.surveys.list_file import Entry
from backend.surveys.opening import first_questions
from backend.surveys.phone_lists import store_list
from backend.surveys.places import townships_of
from backend.surveys.reading import list_surveys, read_survey
from backend.surveys.recipients import open_survey
from backend.surveys.steps import set_closing, take_step
from backend.surveys.tables import survey_recipient
from backend.surveys.trial import try_on
from tests.petitions.world import World
from tests.surveys.clinic import (
    CLINIC,
    SHANGLIU,
    XIALIU,
    drafted,
    opened,
    reread,
    villager,
)


async def recipients(county: World, survey_id: int) -> list[tuple[int, str, str]]:
    to = survey_recipient.c
    async with county.database.read() as connection:
        rows = await connection.execute(
            select(to.citizen_id, to.source, to.state).where(to.survey_id == survey_id)
        )
        return sorted((row.citizen_id, row.source, row.state) for row in rows)


async def actions(county: World) -> list[str]:
    async with county.database.read() as connection:
        rows = await connection.scalars(
            select(audit.c.action).where(audit.c.action.startswith("survey")).order_by(audit.c.id)
        )
        return list(rows)


@pytest.fixture
async def desk(county: World) -> Actor:
    return await county.official("liuhe", "dispatcher")


async def test_a_draft_is_kept_flaws_and_all_and_seen_in_its_branch(
    county: World, desk: Actor
) -> None:
    found = await drafted(county, desk, Draft("", "", CLINIC.questions[:1]))
    assert (found.state, found.version, found.title) == (State.DRAFT, 1, "")
    async with county.database.write() as connection:
        await save_draft(connection, desk, found.id, 1, CLINIC, county.now)
    found = await reread(county, desk, found.id)
    assert (found.version, tuple(found.questions)) == (2, CLINIC.questions)
    with pytest.raises(SurveyRefused, match="conflict"):
        async with county.database.write() as connection:
            await save_draft(connection, desk, found.id, 1, CLINIC, county.now)
    above = await county.official("qinghe", "reader")
    beside = await county.official("chengguan", "admin")
    below = await county.official("liuhe_reception", "admin")
    async with county.database.read() as connection:
        assert await read_survey(connection, above, found.id, county.now) is not None
        for other in (beside, below):
            assert await read_survey(connection, other, found.id, county.now) is None
            assert await list_surveys(connection, other, county.now) == []


async def test_places_are_those_the_office_serves(county: World) -> None:
    catalogue = county.rules.catalogue
    async with county.database.read() as connection:
        for office, towns, villages in (
            ("qinghe", 6, None),
            ("liuhe", 1, 10),
            ("liuhe_reception", 1, 10),
            ("county_health", 6, None),
            ("chengguan_003", 1, 1),
        ):
            actor = await county.official(office, "dispatcher")
            found = await townships_of(connection, catalogue, actor)
            assert len(found) == towns, office
            if villages is not None:
                assert sum(len(town.villages) for town in found) == villages, office


async def test_people_of_a_village_count_once_and_by_their_newest_way(county: World) -> None:
    both = await villager(county, SHANGLIU)
    await county.file(both, place_code=XIALIU)
    await villager(county, SHANGLIU, "sms", "13800000001")
    gone = await villager(county, SHANGLIU)
    await villager(county, SHANGLIU, erased_at=county.now)
    secret = await county.citizen()
    await county.file(secret, place_code=XIALIU, kind="report")
    await county.citizen("sms", "13800000002", home_place="下柳村")
    await county.citizen("sms", "13800000003", home_place="新民村")  # of which township?
    async with county.database.write() as connection:
        for decision in ("opt_out", "opt_in", "opt_out"):
            await decide(
                connection,
                citizen_id=gone.citizen_id,
                address_id=gone.address_id,
                decision=decision,
                words="T",
                now=county.now,
            )
    codes = [SHANGLIU, XIALIU]
    async with county.database.read() as connection:
        each = await reach_by_village(connection, county.rules.catalogue, codes)
        found = {(one.code, one.account_id): (one.people, one.opted_out) for one in each}
        together = await reach_together(connection, county.rules.catalogue, codes)
    wx, sms = county.accounts["wx"], county.accounts["sms"]
    assert found == {
        (SHANGLIU, wx): (2, 1),
        (SHANGLIU, sms): (1, 0),
        (XIALIU, wx): (1, 0),
        (XIALIU, sms): (1, 0),
    }
    assert {(one.account_id, one.people, one.opted_out) for one in together} == {
        (wx, 2, 1),
        (sms, 2, 0),
    }


async def test_opening_makes_recipients_once(county: World, desk: Actor) -> None:
    first = await villager(county, SHANGLIU)
    await county.file(first, place_code=XIALIU)
    second = await villager(county, XIALIU, phone="13800000009")
    known = await county.citizen("sms", "13800000001")
    found = await drafted(county, desk)
    phones = [f"1380000{number:04}" for number in range(1, 1202)]
    async with county.database.write() as connection:
        await choose_divisions(connection, desk, found.id, 1, [SHANGLIU, XIALIU], county.now)
        await store_list(
            connection,
            desk,
            found.id,
            2,
            county.accounts["sms"],
            "老人.xlsx",
            [Entry(phone, "") for phone in phones],
            county.now,
        )
    async with county.database.read() as connection:
        listed = await phone_list(connection, county.rules.catalogue, found.id, [SHANGLIU, XIALIU])
        before = await connection.scalar(select(func.count()).select_from(citizen))
    assert listed is not None
    assert (listed.phones, listed.new, listed.opted_out) == (1201, 1200, 0)
    args = (county.database, county.rules.catalogue, desk, found)
    number = await open_survey(*args, 3, None, county.now, may_ask=[SHANGLIU, XIALIU])
    assert number == 2 + 1200  # the second villager's own number is not asked twice
    rows = await recipients(county, found.id)
    assert {state for _, _, state in rows} == {"waiting"}
    sources = {citizen_id: source for citizen_id, source, _ in rows}
    assert sources[first.citizen_id] == f"division:{SHANGLIU}"
    assert sources[second.citizen_id] == f"division:{XIALIU}"
    assert sources[known.citizen_id] == "list:老人.xlsx"
    async with county.database.read() as connection:
        after = await connection.scalar(select(func.count()).select_from(citizen))
        texted = await connection.scalar(
            select(func.count()).where(address.c.account_id == county.accounts["sms"])
        )
    assert (after - before, texted) == (1199, 1200)
    with pytest.raises(SurveyRefused, match="conflict"):
        await open_survey(*args, 3, None, county.now, may_ask=[SHANGLIU, XIALIU])
    assert await recipients(county, found.id) == rows
    assert (await actions(county)).count("survey_opened") == 1


async def test_an_opening_that_died_half_way_begins_again(
    county: World, desk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await villager(county, SHANGLIU)
    found = await drafted(county, desk)
    async with county.database.write() as connection:
        await choose_divisions(connection, desk, found.id, 1, [SHANGLIU], county.now)

    async def die(*_args: object) -> int:
        raise RuntimeError("the process dies here")

    args = (county.database, county.rules.catalogue, desk, found)
    with monkeypatch.context() as patch:
        patch.setattr("backend.surveys.recipients._open", die)
        with pytest.raises(RuntimeError):
            await open_survey(*args, 2, None, county.now, may_ask=[SHANGLIU])
    found = await reread(county, desk, found.id)
    assert (found.state, found.version) == (State.DRAFT, 3)
    assert await open_survey(*args, 3, None, county.now, may_ask=[SHANGLIU]) == 1
    assert [row[0] for row in await recipients(county, found.id)] == [person.citizen_id]


async def test_what_cannot_open_is_refused(county: World, desk: Actor) -> None:
    flawed = await drafted(county, desk, Draft("没有题目", "", ()))
    empty = await drafted(county, desk)
    foreign = await drafted(county, desk)
    await villager(county, "990101101003")
    async with county.database.write() as connection:
        await choose_divisions(connection, desk, foreign.id, 1, ["990101101003"], county.now)
    day = timedelta(days=1)
    for found, version, closes_at, problem in (
        (flawed, 1, None, "flawed"),
        (empty, 1, county.now, "closing_past"),
        (empty, 1, county.now + 100 * day, "closing_late"),
        (empty, 7, None, "conflict"),
        (empty, 1, None, "nobody"),
        (foreign, 2, None, "nobody"),  # villages of another township reach nobody
    ):
        with pytest.raises(SurveyRefused, match=problem):
            await open_survey(
                county.database,
                county.rules.catalogue,
                desk,
                found,
                version,
                closes_at,
                county.now,
                may_ask=[SHANGLIU],
            )


async def test_steps_are_taken_once_and_written_down(county: World, desk: Actor) -> None:
    await villager(county, SHANGLIU)
    found = await opened(county, desk, [SHANGLIU])

    async def step(which: Step, version: int) -> None:
        now = await reread(county, desk, found.id)
        async with county.database.write() as connection:
            await take_step(connection, desk, now, which, version, county.now)

    version = found.version
    await step(Step.PAUSE, version)
    await step(Step.PAUSE, version)
    with pytest.raises(SurveyRefused, match="conflict"):
        await step(Step.RESUME, version)
    await step(Step.RESUME, version + 1)
    now = await reread(county, desk, found.id)
    later = county.now + timedelta(days=20)
    async with county.database.write() as connection:
        await set_closing(connection, desk, now, now.version, later, county.now)
    await step(Step.CLOSE, now.version + 1)
    with pytest.raises(SurveyRefused, match="impossible"):
        await step(Step.RESUME, now.version + 2)
    assert (await actions(county))[-4:] == [
        "survey_paused",
        "survey_resumed",
        "survey_closing_set",
        "survey_closed",
    ]


async def test_past_its_closing_date_a_survey_is_closed(county: World, desk: Actor) -> None:
    await villager(county, SHANGLIU)
    found = await opened(county, desk, [SHANGLIU], days=3)
    assert found.state is State.OPEN
    county.clock.move(timedelta(days=3))
    found = await reread(county, desk, found.id)
    assert found.state is State.CLOSED
    async with county.database.write() as connection:
        copied = await copy_survey(connection, desk, found, county.now)
    copy = await reread(county, desk, copied)
    assert (copy.state, copy.title) == (State.DRAFT, "村卫生室看病方便不方便（副本）")
    assert tuple(copy.questions) == CLINIC.questions
    assert await recipients(county, copied) == []


async def test_a_trial_is_asked_at_once_and_counts_nowhere(county: World, desk: Actor) -> None:
    found = await drafted(county, desk)
    async with county.database.write() as connection:
        trial_id = await try_on(connection, desk, found, "sms", "138 0000 0001", county.now)
    trial = await reread(county, desk, trial_id)
    assert (trial.state, trial.trial_of, trial.org_name) == (State.OPEN, found.id, "柳河镇")
    assert tuple(trial.questions) == CLINIC.questions
    async with county.database.read() as connection:
        asked = (await connection.execute(select(message))).one()
        assert (asked.kind, asked.detail["survey"]) == (PUSH_KIND, trial_id)
        words = await first_questions(connection, [asked.detail["recipient"]], county.now)
        assert len(words) == 1
        [listed] = await list_surveys(connection, desk, county.now)
        assert (listed.id, listed.recipients) == (found.id, 0)
    county.clock.move(timedelta(days=1))
    assert (await reread(county, desk, trial_id)).state is State.CLOSED


async def test_a_trial_respects_an_opt_out(county: World, desk: Actor) -> None:
    found = await drafted(county, desk)
    person = await county.citizen("sms", "13800000001")
    async with county.database.write() as connection:
        await decide(
            connection,
            citizen_id=person.citizen_id,
            address_id=person.address_id,
            decision="opt_out",
            words="T",
            now=county.now,
        )
    for number, problem in (("13800000001", "opted_out"), ("1380000", "phone")):
        with pytest.raises(SurveyRefused, match=problem):
            async with county.database.write() as connection:
                await try_on(connection, desk, found, "sms", number, county.now)
    async with county.database.read() as connection:
        assert len(await list_surveys(connection, desk, county.now)) == 1
        assert (await connection.execute(select(message))).all() == []
