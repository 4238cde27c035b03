"""Trying a draft on one number: a copy of it, open for a day, asked and answered as the real one.

Who types a number in means it: neither the gap between two surveys nor the account's rate applies.
Quiet hours do, as the question is sent like any other; so does an opt-out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.consent import unwanted
from backend.conversation.tables import PUSH_KIND, address, message
from backend.organisation.audit import record_audit
from backend.organisation.sessions import Actor
from backend.surveys.authoring import Draft, draft_flaws, write_survey
from backend.surveys.lifecycle import State, SurveyRefused
from backend.surveys.list_file import mobile
from backend.surveys.reading import Survey
from backend.surveys.tables import survey, survey_recipient

OPEN_FOR = timedelta(days=1)


async def try_on(
    connection: AsyncConnection,
    actor: Actor,
    found: Survey,
    account_name: str,
    number: str,
    now: datetime,
) -> int:
    """Ask the first question of a copy at this number; the copy's id. Raises SurveyRefused:
    flawed, phone, opted_out; IntegrityError where the number writes for the first time just now."""
    draft = Draft(found.title, found.introduction, found.questions)
    if draft_flaws(draft):
        raise SurveyRefused("flawed")
    phone = mobile(number)
    if phone is None:
        raise SurveyRefused("phone")
    via = (await load_accounts(connection))[account_name]
    [to] = (await find_or_open(connection, [(via, phone)], now)).values()
    if await connection.scalar(select(unwanted(address.c.id)).where(address.c.id == to.id)):
        raise SurveyRefused("opted_out")
    trial_id = await write_survey(connection, actor, found.org_id, draft, now, trial_of=found.id)
    await connection.execute(
        update(survey)
        .where(survey.c.id == trial_id)
        .values(state=State.OPEN, opened_at=now, closes_at=now + OPEN_FOR)
    )
    recipient_id = await connection.scalar(
        survey_recipient.insert()
        .values(
            survey_id=trial_id,
            citizen_id=to.citizen_id,
            address_id=to.id,
            source="trial",
            state="asked",
            asked_at=now,
        )
        .returning(survey_recipient.c.id)
    )
    await connection.execute(
        message.insert().values(
            account_id=via.id,
            external_id=f"{PUSH_KIND}:ask_survey:{recipient_id}",
            address_id=to.id,
            citizen_id=to.citizen_id,
            kind=PUSH_KIND,
            detail={"type": "ask_survey", "survey": trial_id, "recipient": recipient_id},
            received_at=now,
        )
    )
    await record_audit(
        connection,
        "survey_tried",
        now,
        user_id=actor.user_id,
        subject=str(found.id),
        detail={"trial": trial_id},
    )
    return trial_id
