"""The surveys of a county in both databases: written, opened, asked and answered as in service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from backend.conversation.reading import Readings
from backend.conversation.tables import address, outbox
from backend.conversation.texts import Texts
from backend.database.engine import Database
from backend.petitions.deadline import SHANGHAI
from backend.petitions.rules import load_petition_rules
from backend.petitions.tables import petition
from backend.surveys.tables import survey, survey_answer, survey_division, survey_recipient
from xiangyin.demo.fill import Filled, fill
from xiangyin.demo.residents import IN_EACH_VILLAGE
from xiangyin.demo.stories import Material, Placed, load_material
from xiangyin.demo.survey_stories import SurveyMaterial, Turnout, load_surveys
from xiangyin.wiring import DATA

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=SHANGHAI)
RULES = load_petition_rules(DATA)
VILLAGES = {
    one.code
    for one in RULES.catalogue.divisions.values()
    if one.level not in ("county", "township")
}
TURNOUT = Turnout(completed=40, answering=6, declined=7)
SECONDS = 40  # a push to all residents takes less at the rate of an account


def few(material: Material) -> Material:
    """Stories around the day the survey is asked: of people who are asked and go on writing."""
    rated = [
        one
        for one in material.stories
        if 21 <= one.story.days <= 30 and one.story.rating and not one.story.comment
    ]
    young = [one for one in material.stories if one.story.days <= 5]  # fmt: skip
    return replace(material, stories=[*rated[:14], *young[:2]])


def some(surveys: SurveyMaterial) -> SurveyMaterial:
    """The same survey with fewer answers."""
    asked = surveys.asked.model_copy(update={"turnout": TURNOUT})
    return replace(surveys, asked=asked, wishes=surveys.wishes[::9])


async def filled(
    database: Database, readings: Readings, folder: Path
) -> tuple[Filled, Sequence[Placed], SurveyMaterial]:
    material = few(load_material(DATA / "demo", RULES.catalogue))
    surveys = some(load_surveys(DATA / "demo" / "surveys", RULES.catalogue))
    done = await fill(
        database,
        material,
        surveys,
        now=NOW,
        password="麦田真好看呀今年收成不错",
        rules=RULES,
        readings=readings,
        texts=Texts.load(DATA / "texts" / "replies.yml"),
        media_folder=folder,
    )
    return done, material.stories, surveys


async def rows(database: Database, query: Any) -> list[Any]:
    async with database.read() as connection:
        return list((await connection.execute(query)).all())


async def test_a_survey_as_if_asked_and_answered(
    database: Database, readings: Readings, tmp_path: Path
) -> None:
    done, stories, _ = await filled(database, readings, tmp_path)
    assert done.surveyed == TURNOUT.completed
    opened, draft = await rows(database, select(survey).order_by(survey.c.id))
    assert (opened.state, draft.state) == ("open", "draft")
    assert opened.created_at < opened.opened_at < NOW < opened.closes_at

    to = survey_recipient.c
    recipients = await rows(database, select(survey_recipient, address.c.created_at).join(address))
    assert {one.survey_id for one in recipients} == {opened.id}
    assert {one.source for one in recipients} == {f"division:{code}" for code in VILLAGES}
    old = sum(one.story.days > 21 for one in stories)
    assert len(recipients) >= len(VILLAGES) * len(IN_EACH_VILLAGE) + old * 0.8
    # Whoever wrote for the first time afterwards was not there to be asked.
    assert all(one.created_at <= opened.opened_at for one in recipients)
    states = Counter(one.state for one in recipients)
    assert states["completed"] == TURNOUT.completed
    assert states["answering"] == TURNOUT.answering
    assert states["declined"] == TURNOUT.declined
    assert states["asked"] > 100
    assert states["passed_over"] == sum(one.reason == "opted_out" for one in recipients) > 5
    for one in recipients:
        if one.asked_at is not None:
            assert 0 <= (one.asked_at - opened.opened_at).total_seconds() < SECONDS
        assert one.answered_at is None or one.asked_at < one.answered_at < NOW

    pushed = await rows(database, select(outbox).where(outbox.c.lane == "push"))
    assert len(pushed) == len(recipients) - states["passed_over"]
    assert {one.state for one in pushed} == {"delivered"}
    channels = await rows(
        database, select(address.c.account_id, to.id).join(survey_recipient).distinct()
    )
    assert len({one.account_id for one in channels}) == 2

    # The draft is meant for its township; nobody is asked.
    chosen = await rows(
        database, select(survey_division.c.code).join(survey).where(survey.c.state == "draft")
    )
    town = next(one for one in RULES.catalogue.divisions.values() if one.name == "大坪镇")
    assert {row.code for row in chosen} == {
        code for code in VILLAGES if RULES.catalogue.divisions[code].parent == town.code
    }


async def test_answers_are_in_the_words_of_people_who_go_on_with_their_petitions(
    database: Database, readings: Readings, tmp_path: Path
) -> None:
    done, stories, surveys = await filled(database, readings, tmp_path)
    found = await rows(database, select(survey_answer).order_by(survey_answer.c.id))
    assert all(one.words for one in found)
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert sorted(one.text for one in found if one.text) == sorted(
        wish.text for wish in surveys.wishes
    )
    assert any(one.option is not None and not one.words.isdigit() for one in found)
    assert any(one.number is not None for one in found)
    whole = await rows(
        database,
        select(func.count())
        .select_from(survey_answer)
        .join(survey_recipient)
        .where(survey_recipient.c.state == "completed")
        .group_by(survey_answer.c.recipient_id),
    )
    assert {row[0] for row in whole} == {len(surveys.asked.questions)}

    # What was asked in between does not make an answer of a rating.
    assert done.petitions == len(stories)
    rated = await rows(database, select(petition.c.rating).where(petition.c.rating.is_not(None)))
    assert len(rated) >= 10
