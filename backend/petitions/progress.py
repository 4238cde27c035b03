"""How a petition stands, told to its own citizen, or to who knows the contact's phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.columns import Id
from backend.petitions.citizen_act import CitizenAct, NotFound
from backend.petitions.filing import UNKNOWN_PLACE
from backend.petitions.joining import main_of
from backend.petitions.lifecycle import State
from backend.petitions.offices import office_name, suggest_offices
from backend.petitions.ownership import find_own, own_citizen_ids, tail_fits
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import petition, petition_event

WRONG_TAILS_ALLOWED = 5
WRONG_TAILS_WITHIN = timedelta(hours=24)

# What is joined stands where its main petition stands.
_MAIN = petition.alias("main")
_STATE = case((petition.c.state == State.JOINED.value, _MAIN.c.state), else_=petition.c.state)
_RECENT = (
    select(petition.c.number, petition.c.title, _STATE, petition.c.place == UNKNOWN_PLACE)
    .outerjoin_from(petition, _MAIN, _MAIN.c.id == petition.c.main_id)
    .where(petition.c.citizen_id.in_(own_citizen_ids(bindparam("whose", type_=Id))))
    .order_by(petition.c.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Progress:
    """`office_name` leads it, or will by the catalogue. `own` is False for another's petition:
    its title and answer are then left out."""

    number: str
    state: str
    own: bool
    title: str | None
    office_name: str | None
    received_at: datetime
    due_on: date | None
    answer: str | None
    answered_at: datetime | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class PhoneNeeded:
    """Another's petition: the last four digits of its phone are wanted. `wrong`: those given
    do not fit."""

    number: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class TooManyTries:
    """Wrong digits too often; to be tried again a day later."""

    number: str


@dataclass(frozen=True, slots=True)
class Brief:
    """One petition as the dialogue needs it (`context.petitions` of the turn). `placeless`: nobody
    could tell where it is."""

    number: str
    title: str
    state: str
    placeless: bool


async def progress(
    act: CitizenAct, phone_tail: str | None = None
) -> Progress | NotFound | PhoneNeeded | TooManyTries:
    """By default of the citizen's newest. Another's needs `phone_tail`, and a confidential one
    is told to nobody else. Wrong digits are counted: `WRONG_TAILS_ALLOWED` a day for one petition,
    whoever asks."""
    row = await find_own(act.connection, act.citizen_id, act.number, lock=False)
    if row is not None:
        return await _told(act, row, own=True)
    if act.number is None:
        return NotFound(None)
    found = await act.connection.execute(select(petition).where(petition.c.number == act.number))
    row = found.first()
    if row is None or row.confidential:
        return NotFound(act.number)
    if await _too_many(act, row.id):
        return TooManyTries(act.number)
    if not phone_tail:
        return PhoneNeeded(act.number, wrong=False)
    if await tail_fits(act.connection, row, phone_tail):
        return await _told(act, row, own=False)
    await act.record(row, "tail_refused", {"citizen_id": act.citizen_id})
    return PhoneNeeded(act.number, wrong=True)


async def recent_for_citizen(
    connection: AsyncConnection, citizen_id: int, limit: int = 10
) -> Sequence[Brief]:
    """The citizen's petitions, newest first. Only reads."""
    rows = await connection.execute(_RECENT, {"whose": citizen_id, "most": limit})
    return [Brief(*row) for row in rows]


async def _told(act: CitizenAct, row: Row[Any], *, own: bool) -> Progress:
    main = await main_of(act.connection, row)
    return Progress(
        row.number,
        main.state,
        own,
        row.title if own else None,
        await office_in_charge(act.connection, act.rules, main),
        row.received_at,
        main.due_on,
        row.answer if own else None,
        row.answered_at,
        row.rating if own else None,
    )


async def office_in_charge(
    connection: AsyncConnection, rules: PetitionRules, row: Row[Any]
) -> str | None:
    """Who leads the petition, or will by the catalogue."""
    if row.lead_org_id is not None:
        return await office_name(connection, row.lead_org_id)
    suggestion = await suggest_offices(
        connection, rules, petition_id=row.id, domain=row.domain, place_code=row.place_code
    )
    return suggestion.lead.name if suggestion.lead else None


async def _too_many(act: CitizenAct, petition_id: int) -> bool:
    refused = await act.connection.execute(
        select(func.count())
        .select_from(petition_event)
        .where(
            petition_event.c.petition_id == petition_id,
            petition_event.c.type == "tail_refused",
            petition_event.c.at > act.now - WRONG_TAILS_WITHIN,
        )
    )
    return int(refused.scalar_one()) >= WRONG_TAILS_ALLOWED
