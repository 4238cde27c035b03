"""A small county, filled into both databases by the real conversation and desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation.reading import Readings
from backend.conversation.tables import media, message, outbox
from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.organisation.sessions import LoggedIn, log_in
from backend.organisation.tables import user
from backend.petitions.deadline import SHANGHAI
from backend.petitions.rules import PetitionRules, load_petition_rules
from backend.petitions.tables import petition, petition_event
from tests.services.postgres import run_apart
from xiangyin.demo.fill import Holding, NotEmpty, clear, fill, holding
from xiangyin.demo.stories import Material, Placed, load_material
from xiangyin.preparation import make_first_user, prepare_database
from xiangyin.wiring import DATA

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=SHANGHAI)
PASSWORD = "麦田真好看呀今年收成不错"
RULES = load_petition_rules(DATA)
REGULAR = "zhoujie"


class FixedClock:
    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError


def few(material: Material) -> Material:
    """Every story in which something rare happens, up to two of each."""
    chosen: dict[str, Placed] = {}
    for happening in ("photo", "adds", "asks", "remind", "human", "returned", "note", "again",
                      "withdraw", "supervised", "comment", "sms"):  # fmt: skip
        fitting = [one for one in material.stories if getattr(one.story, happening)]
        chosen |= {one.story.messages[0]: one for one in fitting[:2]}
    ruled = [one for one in material.stories if one.story.returned and one.story.returned.decision]
    again = [one for one in material.stories if one.story.who == REGULAR]
    chosen |= {one.story.messages[0]: one for one in [*ruled[:1], *again]}
    return replace(material, stories=list(chosen.values()))


async def filled(
    database: Database, readings: Readings, folder: Path, rules: PetitionRules = RULES
) -> Material:
    material = few(load_material(DATA / "demo", rules.catalogue))
    await fill(
        database,
        material,
        None,
        now=NOW,
        password=PASSWORD,
        rules=rules,
        readings=readings,
        texts=Texts.load(DATA / "texts" / "replies.yml"),
        media_folder=folder,
    )
    return material


@dataclass(frozen=True)
class Lived:
    """A filled county, for tests that change nothing of what the others look at."""

    url: str
    material: Material
    media_folder: Path


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest, readings: Readings, tmp_path_factory: pytest.TempPathFactory
) -> Lived:
    folder = tmp_path_factory.mktemp("lived")
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_template").copy_to(folder / "lived.db")
    else:
        template = request.getfixturevalue("postgres_template")
        url = template.server.url(template.copy())

    async def fill_it() -> Material:
        database = Database(url)
        try:
            await prepare_database(database)
            return await filled(database, readings, folder)
        finally:
            await database.close()

    return Lived(url, run_apart(fill_it()), folder)


@pytest.fixture
async def county(lived: Lived) -> AsyncIterator[Database]:
    opened = Database(lived.url)
    try:
        yield opened
    finally:
        await opened.close()


async def rows(database: Database, query: Any) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(query)).all())


async def test_a_county_as_if_lived(county: Database, lived: Lived) -> None:
    material = lived.material
    petitions = await rows(county, select(petition))
    assert len(petitions) == len(material.stories)
    assert len({one.number for one in petitions}) == len(petitions)
    assert {one.channel for one in petitions} == {"wechat", "sms"}
    reopened = {one.id for one in petitions if one.reopened}
    for one in petitions:
        events = await rows(
            county,
            select(petition_event)
            .where(petition_event.c.petition_id == one.id)
            .order_by(petition_event.c.id),
        )
        times = [event.at for event in events]
        assert times == sorted(times)
        assert times[0] == one.received_at
        assert times[-1] <= NOW
        types = [event.type for event in events]
        if one.rating is not None:
            assert types.index("answered") < types.index("rated")
        if one.id not in reopened:
            assert one.due_on == RULES.due_on(one.domain, one.urgency, one.received_at)
    seen = {event.type for event in await rows(county, select(petition_event))}
    assert seen >= {"received", "accepted", "dispatched", "started", "answered", "rated",
                    "reminded", "added", "returned", "note", "reopened", "withdrawn"}  # fmt: skip


async def test_one_person_who_writes_often_is_one_citizen(county: Database, lived: Lived) -> None:
    material = lived.material
    theirs = [one.story for one in material.stories if one.story.who == REGULAR]
    words = [one.messages[0] for one in theirs]
    found = await rows(
        county,
        select(petition.c.citizen_id, petition.c.rating, petition.c.text)
        .where(petition.c.text.in_(words))
        .order_by(petition.c.received_at),
    )
    assert len({one.citizen_id for one in found}) == 1
    oldest_first = sorted(theirs, key=lambda one: -one.days)
    assert [one.rating for one in found] == [one.rating for one in oldest_first]


async def test_supervisors_and_front_desks_say_why(county: Database, lived: Lived) -> None:
    material = lived.material
    reasons = {
        (one.type, one.reason)
        for one in await rows(county, select(petition_event.c.type, petition_event.c.reason))
    }
    for story in [placed.story for placed in material.stories]:
        if story.supervised:
            assert ("note", story.supervised) in reasons
        if story.returned and story.returned.decision:
            assert ("dispatched", story.returned.decision) in reasons


async def test_the_conversation_is_there_and_at_rest(county: Database, lived: Lived) -> None:
    material = lived.material
    written = await rows(county, select(message))
    for placed in material.stories:
        for words in placed.story.messages:
            assert words in {one.text for one in written}
    assert all(one.handled_at is not None for one in written)
    said = await rows(county, select(outbox))
    assert {one.state for one in said} == {"delivered"}
    assert {"confirm_petition", "answer_to_petition"} <= {
        key for one in said for key in one.key.split(",")
    }
    pictures = await rows(county, select(media))
    assert pictures
    for picture in pictures:
        kept = lived.media_folder / picture.sha256[:2] / picture.sha256
        assert picture.state == "stored"
        assert kept.stat().st_size == picture.size


async def test_the_officials_can_log_in(county: Database, lived: Lived) -> None:
    material = lived.material
    assert isinstance(
        await log_in(county, material.officials[-1].login, PASSWORD, "", "", NOW), LoggedIn
    )


async def test_only_an_empty_database_is_filled_and_only_a_demo_cleared(
    database: Database, readings: Readings, tmp_path: Path
) -> None:
    assert await holding(database) is Holding.NOTHING
    await filled(database, readings, tmp_path)
    assert await holding(database) is Holding.DEMO
    with pytest.raises(NotEmpty):
        await filled(database, readings, tmp_path)
    await clear(database)
    assert await holding(database) is Holding.NOTHING
    await prepare_database(database)
    await make_first_user(database, FixedClock())
    assert await holding(database) is Holding.REAL
    with pytest.raises(NotEmpty):
        await clear(database)
    with pytest.raises(NotEmpty):
        await filled(database, readings, tmp_path)
    assert len(await rows(database, select(user))) == 1
