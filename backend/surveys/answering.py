"""A citizen's way through a survey: the question that is open, the answer, the next one, the end.

Everything is written in the turn's transaction, and once: an answer to a question that is no longer
open changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import outbox
from backend.conversation.texts import Reply
from backend.database.insert_once import InsertOnce
from backend.organisation.tables import org
from backend.surveys.questions import Question, QuestionType
from backend.surveys.tables import survey, survey_answer, survey_question, survey_recipient
from backend.surveys.wording import (
    SURVEY_KEYS,
    Invitation,
    closing_replies,
    question_replies,
    question_reply,
    resumed_replies,
)

UNDER_WAY = ("asked", "answering")
LONGEST_TEXT = 4000

_r, _q, _a = survey_recipient.c, survey_question.c, survey_answer.c
# The recipient's id where the survey a citizen (bind `whose`) was last asked by is not at its end;
# for use in a select. Earlier ones that they left are over.
OPEN_FOR = (
    select(case((_r.state.in_(UNDER_WAY), _r.id)))
    .where(_r.citizen_id == bindparam("whose"), _r.asked_at.is_not(None))
    .order_by(_r.asked_at.desc())
    .limit(1)
    .scalar_subquery()
    .label("surveyed_as")
)
_TOTAL = (
    select(func.count())
    .where(survey_question.c.survey_id == survey.c.id)
    .correlate(survey)
    .scalar_subquery()
)
_UNSENT = (
    outbox.c.lane == "push",
    outbox.c.state.in_(("queued", "kept")),
    outbox.c.key.startswith(SURVEY_KEYS, autoescape=True),
)
_STANDING = (
    select(
        _r.id,
        _r.survey_id,
        _r.address_id,
        _r.position,
        _r.state,
        survey.c.title,
        survey.c.introduction,
        survey.c.state.label("survey_state"),
        survey.c.closes_at,
        org.c.name.label("org"),
        _q.id.label("question_id"),
        _q.type,
        _q.text,
        _q.options,
        _q.lowest,
        _q.highest,
        _q.unit,
        _TOTAL.label("total"),
        select(func.count())
        .where(
            outbox.c.address_id == _r.address_id,
            *_UNSENT,
        )
        .correlate(survey_recipient)
        .scalar_subquery()
        .label("unsent"),
    )
    .join(survey, survey.c.id == _r.survey_id)
    .join(org, org.c.id == survey.c.org_id)
    .join(survey_question, (_q.survey_id == _r.survey_id) & (_q.position == _r.position))
)
_BY_ID = _STANDING.where(_r.id == bindparam("recipient"))
_BY_CITIZEN = _STANDING.where(
    _r.citizen_id == bindparam("whose"), _r.survey_id == bindparam("which")
)
_BY_CITIZEN_LOCKED = _BY_CITIZEN.with_for_update(of=survey_recipient)
_MOVE = update(survey_recipient).where(_r.id == bindparam("recipient"))
_ADD = InsertOnce(survey_answer, ["recipient_id", "question_id"], survey_answer.c.id)
_LAST_TEXT = (
    select(_a.id, _a.text, _a.words)
    .join(survey_recipient, _r.id == _a.recipient_id)
    .join(survey_question, _q.id == _a.question_id)
    .where(_r.citizen_id == bindparam("whose"), _r.survey_id == bindparam("which"))
    .where(_q.position == bindparam("at_position"), _a.text.is_not(None))
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one citizen is in one survey. `unsent`: its question has not left for them yet."""

    recipient_id: int
    invitation: Invitation
    address_id: int
    position: int
    question_id: int
    question: Question
    under_way: bool
    open: bool
    unsent: bool

    @property
    def total(self) -> int:
        return self.invitation.total


async def standing(
    connection: AsyncConnection, recipient_id: int, now: datetime
) -> Standing | None:
    """Where this recipient is."""
    return _standing((await connection.execute(_BY_ID, {"recipient": recipient_id})).first(), now)


def context(at: Standing, *, shown: bool) -> dict[str, Any] | None:
    """`context.survey` of the turn request; None where a survey has closed that was not the last
    thing asked. `shown`: its question is what the citizen was shown last."""
    shown = shown and not at.unsent
    if not at.open and not shown:
        return None
    return {
        "id": at.invitation.survey_id,
        "position": at.position,
        "total": at.total,
        "type": at.question.type.value,
        "options": list(at.question.options),
        "lowest": at.question.lowest,
        "highest": at.question.highest,
        "unit": at.question.unit,
        "open": at.open,
        "shown": shown,
    }


async def ask(
    connection: AsyncConnection, citizen_id: int, effect: Mapping[str, Any], now: datetime
) -> list[Reply]:
    """Show the open question once more, or the one before it to be answered anew (effect: survey,
    resumed, back)."""
    at = await _of_citizen(connection, citizen_id, effect["survey"], now)
    if at is None or not at.under_way:
        return [Reply("survey_not_open")]
    if not at.open:
        return [Reply("survey_closed")]
    if at.unsent:
        await _withdraw_push(connection, at.address_id, now)
        return question_replies(at.invitation, at.question, at.position)
    if effect.get("back") and at.position > 1:
        await _move(connection, at, position=at.position - 1)
        earlier = await standing(connection, at.recipient_id, now)
        assert earlier is not None
        return [question_reply(earlier.invitation, earlier.question, earlier.position)]
    if effect.get("resumed"):
        return resumed_replies(at.invitation, at.question, at.position)
    return [question_reply(at.invitation, at.question, at.position)]


async def answer(
    connection: AsyncConnection,
    citizen_id: int,
    turn_id: int | None,
    effect: Mapping[str, Any],
    words: str,
    now: datetime,
) -> list[Reply]:
    """Record the answer and say what comes next. Effect: survey, position, and one of option,
    number, skipped, in_words; `more` adds to an answer in words. `words`: the citizen's own;
    `turn_id`: the turn they came in, None where no conversation is kept."""
    if effect.get("more"):
        return await _add_to_text(connection, citizen_id, effect, words)
    at = await _of_citizen(connection, citizen_id, effect["survey"], now)
    if at is None or not at.under_way:
        return [Reply("survey_not_open")]
    if not at.open:
        return [Reply("survey_closed")]
    if effect["position"] != at.position:
        # An option of an older question: that answer stands.
        return [question_reply(at.invitation, at.question, at.position)]
    which = {"recipient_id": at.recipient_id, "question_id": at.question_id}
    given = {
        "option": effect.get("option"),
        "number": effect.get("number"),
        "text": words[:LONGEST_TEXT] if effect.get("in_words") else None,
        "skipped": bool(effect.get("skipped")),
        "words": words[:LONGEST_TEXT],
        "turn_id": turn_id,
        "at": now,
    }
    added = await connection.execute(_ADD(connection), {**which, **given})
    if added.first() is None:
        # They went back to this question: what they say last counts.
        await connection.execute(
            update(survey_answer)
            .where(*(survey_answer.c[name] == value for name, value in which.items()))
            .values(**given)
        )
    if at.position == at.total:
        await _move(connection, at, state="completed", answered_at=now, ended_at=now)
        return closing_replies(at.invitation)
    await _move(connection, at, state="answering", answered_at=now, position=at.position + 1)
    following = await standing(connection, at.recipient_id, now)
    assert following is not None
    return question_replies(following.invitation, following.question, following.position)


async def decline(
    connection: AsyncConnection, citizen_id: int, effect: Mapping[str, Any], now: datetime
) -> list[Reply]:
    """They do not want to be asked any further; what they answered stays."""
    at = await _of_citizen(connection, citizen_id, effect["survey"], now)
    if at is not None and at.under_way:
        await _move(connection, at, state="declined", ended_at=now)
        await _withdraw_push(connection, at.address_id, now)
    return [Reply("survey_declined")]


async def end_at_address(connection: AsyncConnection, address_id: int, now: datetime) -> None:
    """The citizen wants no more messages there: that ends what they are being asked."""
    await connection.execute(
        update(survey_recipient)
        .where(_r.address_id == address_id, _r.state.in_(UNDER_WAY))
        .values(state="declined", ended_at=now)
    )
    await _withdraw_push(connection, address_id, now)


async def _withdraw_push(connection: AsyncConnection, address_id: int, now: datetime) -> None:
    """A question that has not left will not leave any more."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.address_id == address_id, *_UNSENT)
        .values(state="failed", error="asked otherwise or not at all", final_at=now)
    )


async def _add_to_text(
    connection: AsyncConnection, citizen_id: int, effect: Mapping[str, Any], words: str
) -> list[Reply]:
    """The rest of an answer in several messages."""
    found = await connection.execute(
        _LAST_TEXT,
        {
            "whose": citizen_id,
            "which": effect["survey"],
            "at_position": effect["position"],
        },
    )
    row = found.first()
    if row is None:
        return [Reply("survey_not_open")]
    await connection.execute(
        update(survey_answer)
        .where(_a.id == row.id)
        .values(
            text=f"{row.text}\n{words}"[:LONGEST_TEXT],
            words=f"{row.words}\n{words}"[:LONGEST_TEXT],
        )
    )
    return [Reply("survey_added")]


async def _of_citizen(
    connection: AsyncConnection, citizen_id: int, survey_id: int, now: datetime
) -> Standing | None:
    rows = await connection.execute(_BY_CITIZEN_LOCKED, {"whose": citizen_id, "which": survey_id})
    return _standing(rows.first(), now)


def _standing(row: Any, now: datetime) -> Standing | None:
    if row is None:
        return None
    return Standing(
        recipient_id=row.id,
        invitation=Invitation(row.survey_id, row.org, row.title, row.introduction, row.total),
        address_id=row.address_id,
        position=row.position,
        question_id=row.question_id,
        question=Question(
            QuestionType(row.type),
            row.text,
            tuple(row.options or ()),
            row.lowest,
            row.highest,
            row.unit,
        ),
        under_way=row.state in UNDER_WAY,
        # A paused survey asks nobody new; who has begun may go on.
        open=row.survey_state in ("open", "paused")
        and (row.closes_at is None or row.closes_at > now),
        unsent=bool(row.unsent),
    )


async def _move(connection: AsyncConnection, at: Standing, **values: Any) -> None:
    await connection.execute(_MOVE.values(**values), {"recipient": at.recipient_id})
