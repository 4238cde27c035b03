"""Writing a survey: a draft is kept as it is, flaws and all, until it opens.

All raise SurveyRefused; the caller's transaction is then rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.surveys.lifecycle import State, SurveyRefused
from backend.surveys.questions import Flaw, Question, flaws
from backend.surveys.reading import Survey
from backend.surveys.tables import survey, survey_division, survey_question

LONGEST_TITLE = 40  # characters: it stands in the first message, beside the first question
LONGEST_INTRODUCTION = 120
COPY_MARK = "（副本）"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the citizen will read."""

    title: str
    introduction: str
    questions: Sequence[Question]


def draft_flaws(draft: Draft) -> list[Flaw]:
    """Everything that keeps a draft from being opened; of the survey itself at position 0."""
    found = []
    if not draft.title.strip():
        found.append(Flaw(0, "title", "required"))
    if len(draft.title) > LONGEST_TITLE:
        found.append(Flaw(0, "title", "too_long"))
    if len(draft.introduction) > LONGEST_INTRODUCTION:
        found.append(Flaw(0, "introduction", "too_long"))
    return found + flaws(draft.questions)


async def create_survey(
    connection: AsyncConnection,
    actor: Actor,
    draft: Draft,
    now: datetime,
    *,
    copied_from: int | None = None,
) -> int:
    """A new draft of the actor's office; its id."""
    survey_id = await write_survey(connection, actor, actor.org_id, draft, now)
    detail = {"copied_from": copied_from} if copied_from else None
    await _audit(connection, actor, "survey_created", survey_id, now, detail)
    return survey_id


async def write_survey(
    connection: AsyncConnection,
    actor: Actor,
    org_id: int,
    draft: Draft,
    now: datetime,
    *,
    trial_of: int | None = None,
) -> int:
    """The rows of a new draft; its id. The caller records what it is for."""
    inserted = await connection.execute(
        survey.insert()
        .values(
            org_id=org_id,
            title=draft.title,
            introduction=draft.introduction,
            state=State.DRAFT,
            created_by=actor.user_id,
            created_at=now,
            trial_of=trial_of,
        )
        .returning(survey.c.id)
    )
    survey_id = int(inserted.scalar_one())
    await _write_questions(connection, survey_id, draft.questions)
    return survey_id


async def save_draft(
    connection: AsyncConnection,
    actor: Actor,
    survey_id: int,
    version: int,
    draft: Draft,
    now: datetime,
) -> None:
    """Replace what a draft says, if it still stands at `version`."""
    await claim_draft(
        connection, survey_id, version, title=draft.title, introduction=draft.introduction
    )
    await connection.execute(
        delete(survey_question).where(survey_question.c.survey_id == survey_id)
    )
    await _write_questions(connection, survey_id, draft.questions)
    await _audit(connection, actor, "survey_written", survey_id, now, {"version": version + 1})


async def choose_divisions(
    connection: AsyncConnection,
    actor: Actor,
    survey_id: int,
    version: int,
    codes: Sequence[str],
    now: datetime,
) -> None:
    """The villages a draft is meant for."""
    await claim_draft(connection, survey_id, version)
    await connection.execute(
        delete(survey_division).where(survey_division.c.survey_id == survey_id)
    )
    if codes:
        await connection.execute(
            survey_division.insert(), [{"survey_id": survey_id, "code": code} for code in codes]
        )
    await _audit(
        connection, actor, "survey_audience_chosen", survey_id, now, {"divisions": list(codes)}
    )


async def copy_survey(
    connection: AsyncConnection, actor: Actor, original: Survey, now: datetime
) -> int:
    """A new draft with the same questions, for nobody yet."""
    title = original.title.removesuffix(COPY_MARK)[: LONGEST_TITLE - len(COPY_MARK)] + COPY_MARK
    draft = Draft(title, original.introduction, original.questions)
    return await create_survey(connection, actor, draft, now, copied_from=original.id)


async def claim_draft(
    connection: AsyncConnection, survey_id: int, version: int, **values: object
) -> None:
    """Move a draft from `version` to the next. Raises SurveyRefused: conflict."""
    moved = await connection.execute(
        update(survey)
        .where(survey.c.id == survey_id, survey.c.version == version, survey.c.state == State.DRAFT)
        .values(version=version + 1, **values)
    )
    if moved.rowcount == 0:
        raise SurveyRefused("conflict")


async def _write_questions(
    connection: AsyncConnection, survey_id: int, questions: Sequence[Question]
) -> None:
    if not questions:
        return
    await connection.execute(
        survey_question.insert(),
        [
            {
                "survey_id": survey_id,
                "position": position,
                "type": one.type,
                "text": one.text,
                "options": list(one.options) or None,
                "lowest": one.lowest,
                "highest": one.highest,
                "unit": one.unit,
            }
            for position, one in enumerate(questions, 1)
        ],
    )


async def _audit(
    connection: AsyncConnection,
    actor: Actor,
    action: str,
    survey_id: int,
    now: datetime,
    detail: Mapping[str, object] | None,
) -> None:
    await record_audit(
        connection, action, now, user_id=actor.user_id, subject=str(survey_id), detail=detail
    )
