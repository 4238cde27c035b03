"""A small survey on village clinics, its people and their answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from backend.organisation.sessions import Actor
from backend.surveys.authoring import Draft, choose_divisions, create_survey
from backend.surveys.questions import Question, QuestionType
from backend.surveys.reading import Survey, read_survey
from backend.surveys.recipients import open_survey
from backend.surveys.tables import survey_answer, survey_recipient
from tests.petitions.world import World

SHANGLIU = "990101102202"  # 柳河镇上柳村
XIALIU = "990101102203"  # 柳河镇下柳村
CLINIC = Draft(
    "村卫生室看病方便不方便",
    "镇里打算给村卫生室添药、添人，先听听大家的。",
    (
        Question(
            QuestionType.SINGLE,
            "您有个头疼脑热，一般先去哪儿看？",
            ("村卫生室", "镇卫生院", "县里的医院", "自己买药"),
        ),
        Question(
            QuestionType.SCALE,
            "您觉得村卫生室看病方便吗？",
            ("很不方便", "不太方便", "一般", "比较方便", "非常方便"),
        ),
        Question(
            QuestionType.NUMBER,
            "从您家走到村卫生室要多少分钟？",
            lowest=0,
            highest=180,
            unit="分钟",
        ),
        Question(QuestionType.TEXT, "您最希望村卫生室改进什么？"),
    ),
)
WISHES = ("常用的降压药老是缺货", "希望每天都有人在", "=HYPERLINK(1)，我电话13812345678")


async def drafted(world: World, actor: Actor, draft: Draft = CLINIC) -> Survey:
    async with world.database.write() as connection:
        survey_id = await create_survey(connection, actor, draft, world.now)
    return await reread(world, actor, survey_id)


async def reread(world: World, actor: Actor, survey_id: int) -> Survey:
    async with world.database.read() as connection:
        found = await read_survey(connection, actor, survey_id, world.now)
    assert found is not None
    return found


async def villager(
    world: World, code: str, account: str = "wx", external_id: str = "", **values: Any
) -> Any:
    """Someone who has told of a matter in the village."""
    person = await world.citizen(account, external_id, **values)
    await world.file(person, place_code=code)
    return person


async def opened(world: World, actor: Actor, codes: list[str], days: int = 14) -> Survey:
    """The survey on clinics, open to the people of these villages."""
    found = await drafted(world, actor)
    async with world.database.write() as connection:
        await choose_divisions(connection, actor, found.id, found.version, codes, world.now)
    await open_survey(
        world.database,
        world.rules.catalogue,
        actor,
        found,
        found.version + 1,
        world.now + timedelta(days=days),
        world.now,
        may_ask=codes,
    )
    return await reread(world, actor, found.id)


async def answered(world: World, found: Survey, persons: list[Any]) -> None:
    """All of them answer all questions, in turn the first, second … option, 5, 10, 15 … minutes
    and one of the wishes; the first skips the last question."""
    async with world.database.write() as connection:
        for place, person in enumerate(persons):
            at = world.now + timedelta(minutes=place)
            recipient = await connection.scalar(
                select(survey_recipient.c.id).where(
                    survey_recipient.c.survey_id == found.id,
                    survey_recipient.c.citizen_id == person.citizen_id,
                )
            )
            await connection.execute(
                update(survey_recipient)
                .where(survey_recipient.c.id == recipient)
                .values(state="completed", asked_at=at, answered_at=at, ended_at=at, position=5)
            )
            choice, level, minutes, wish = found.question_ids
            wished = WISHES[place % len(WISHES)]
            rows: list[dict[str, Any]] = [
                {"question_id": choice, "option": place % 4},
                {"question_id": level, "option": place % 5},
                {"question_id": minutes, "number": 5 * (place + 1)},
                {"question_id": wish, "skipped": True}
                if place == 0
                else {"question_id": wish, "text": wished},
            ]
            for row in rows:
                await connection.execute(
                    survey_answer.insert().values(
                        recipient_id=recipient, words=row.get("text", ""), at=at, **row
                    )
                )
