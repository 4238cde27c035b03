"""What a citizen does with a petition of theirs: add, remind, withdraw, rate, give a contact.

Every function writes the petition and its event in the caller's transaction; called again with
the same `dedupe_key` it writes nothing and gives the same result. Refusals are results, because
the citizen gets a polite text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.changes import change_petition, end_dispatches, open_dispatch
from backend.petitions.events import CITIZEN, event_of, record_event
from backend.petitions.filing import attach_messages
from backend.petitions.lifecycle import OPEN_STATES, Action, By, State, next_state, possible
from backend.petitions.masking import mask_phone
from backend.petitions.ownership import find_own
from backend.petitions.progress import NotFound, office_in_charge
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import petition, petition_event
from backend.triage.cleaning import storable

REOPENS_UP_TO = 2
"""A rating of 2 or less sends the petition back to work."""
_PHONE = re.compile(r"\+?\d{7,15}")


@dataclass(frozen=True, slots=True)
class NotPossible:
    """The petition is the citizen's, but in this state it cannot be done."""

    number: str
    state: str


@dataclass(frozen=True, slots=True)
class Added:
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Reminded:
    """`counted` False: there was one on this working day already. `reminders`: how many count."""

    number: str
    counted: bool
    reminders: int
    office_name: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Rated:
    """`reopened`: the citizen is not content and the petition goes back to work, due anew."""

    number: str
    level: int
    reopened: bool
    office_name: str | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class AlreadyRated:
    number: str
    level: int


@dataclass(frozen=True, slots=True)
class ContactSet:
    """`masked_phone` may be shown back: 138****0000."""

    number: str
    masked_phone: str


@dataclass(frozen=True, slots=True)
class BadPhone:
    number: str


async def add_to_petition(
    connection: AsyncConnection,
    citizen_id: int,
    number: str | None,
    text: str,
    message_ids: Sequence[int],
    *,
    now: datetime,
    dedupe_key: str,
) -> Added | NotPossible | NotFound:
    """Words, photos, voices that belong to a petition. `number` None: the newest that still is
    open, or was answered."""
    earlier = await _earlier(connection, dedupe_key)
    if earlier is not None:
        return Added(earlier.number, earlier.title)
    states = frozenset({*OPEN_STATES, State.RESOLVED})
    row = await find_own(connection, citizen_id, number, states=states)
    if row is None:
        return NotFound(number)
    if not possible(row.state, Action.ADD, By.CITIZEN):
        return NotPossible(row.number, row.state)
    await attach_messages(connection, row.id, message_ids, "addition")
    await change_petition(connection, row)
    detail = {"text": storable(text), "messages": list(message_ids)}
    await record_event(
        connection, row.id, "added", CITIZEN, now, detail=detail, dedupe_key=dedupe_key
    )
    return Added(row.number, row.title)


async def remind(
    connection: AsyncConnection,
    citizen_id: int,
    number: str | None,
    text: str = "",
    *,
    rules: PetitionRules,
    now: datetime,
    dedupe_key: str,
) -> Reminded | NotPossible | NotFound:
    """催办: at most one a working day counts (what comes on a day off counts for the next one);
    more are kept as events and answered politely. `number` None: the newest open one."""
    earlier = await _earlier(connection, dedupe_key)
    if earlier is not None:
        return await _reminded(connection, rules, earlier, bool(earlier.event_detail["counted"]))
    row = await find_own(connection, citizen_id, number, states=OPEN_STATES)
    if row is None:
        return NotFound(number)
    if not possible(row.state, Action.REMIND, By.CITIZEN):
        return NotPossible(row.number, row.state)
    day = rules.working_day(now).isoformat()
    counted = not await _reminded_on(connection, row.id, day)
    if counted:
        await change_petition(connection, row, new_version=False, reminders=row.reminders + 1)
    await record_event(
        connection,
        row.id,
        "reminded",
        CITIZEN,
        now,
        reason=storable(text),
        detail={"day": day, "counted": counted},
        dedupe_key=dedupe_key,
    )
    return await _reminded(connection, rules, row, counted, row.reminders + counted)


async def withdraw(
    connection: AsyncConnection,
    citizen_id: int,
    number: str | None,
    text: str = "",
    *,
    now: datetime,
    dedupe_key: str,
) -> Withdrawn | NotPossible | NotFound:
    """The citizen no longer wants it handled. `number` None: the newest open one."""
    earlier = await _earlier(connection, dedupe_key)
    if earlier is not None:
        return Withdrawn(earlier.number, earlier.title)
    row = await find_own(connection, citizen_id, number, states=OPEN_STATES)
    if row is None:
        return NotFound(number)
    if not possible(row.state, Action.WITHDRAW, By.CITIZEN):
        return NotPossible(row.number, row.state)
    state = next_state(row.state, Action.WITHDRAW, By.CITIZEN)
    await end_dispatches(connection, row.id, "withdrawn", now)
    await change_petition(connection, row, state=state.value, closed_at=now)
    await record_event(
        connection,
        row.id,
        "withdrawn",
        CITIZEN,
        now,
        reason=storable(text),
        detail={"state": [row.state, state.value]},
        dedupe_key=dedupe_key,
    )
    return Withdrawn(row.number, row.title)


async def rate(
    connection: AsyncConnection,
    citizen_id: int,
    number: str,
    level: int,
    comment: str = "",
    *,
    rules: PetitionRules,
    now: datetime,
    dedupe_key: str,
) -> Rated | AlreadyRated | NotPossible | NotFound:
    """好差评, 5 = very satisfied; only an answered petition is rated. `REOPENS_UP_TO` or less
    sends it back to its lead office with a new deadline, more closes it. Raises ValueError for a
    level outside 1 … 5."""
    if not 1 <= level <= 5:
        raise ValueError(f"a rating lies in 1 … 5, not {level}")
    earlier = await _earlier(connection, dedupe_key)
    if earlier is not None:
        given = int(earlier.event_detail["level"])
        return await _rated(connection, rules, earlier, given, earlier.due_on)
    row = await find_own(connection, citizen_id, number)
    if row is None:
        return NotFound(number)
    if row.state == State.CLOSED and row.rating is not None:
        return AlreadyRated(row.number, row.rating)
    action = Action.REOPEN if level <= REOPENS_UP_TO else Action.CLOSE
    if not possible(row.state, action, By.CITIZEN):
        return NotPossible(row.number, row.state)
    has_lead = row.lead_org_id is not None
    state = next_state(row.state, action, By.CITIZEN, has_lead=has_lead)
    words = storable(comment)
    await record_event(
        connection,
        row.id,
        "rated",
        CITIZEN,
        now,
        reason=words,
        detail={"level": level, "state": [row.state, state.value]},
        dedupe_key=dedupe_key,
    )
    rating: dict[str, Any] = {
        "rating": level,
        "rating_comment": words,
        "state": state.value,
    }
    due_on = row.due_on
    if action is Action.REOPEN:
        due_on = rules.due_on(row.domain, row.urgency, now)
        await _reopen(connection, row, rating, due_on, now)
    else:
        await change_petition(connection, row, closed_at=now, **rating)
    return await _rated(connection, rules, row, level, due_on)


async def set_contact(
    connection: AsyncConnection,
    citizen_id: int,
    number: str | None,
    phone: str,
    person: str | None,
    *,
    now: datetime,
    dedupe_key: str,
) -> ContactSet | BadPhone | NotPossible | NotFound:
    """Whom to call about this petition; `number` None: the newest. The event keeps the phone
    masked."""
    row = await find_own(connection, citizen_id, number)
    if row is None:
        return NotFound(number)
    digits = re.sub(r"[\s\-()（）]", "", phone)
    if not _PHONE.fullmatch(digits):
        return BadPhone(row.number)
    masked = mask_phone(digits)
    if await event_of(connection, dedupe_key) is not None:
        return ContactSet(row.number, masked)
    if not possible(row.state, Action.SET_CONTACT, By.CITIZEN):
        return NotPossible(row.number, row.state)
    name = storable(person)[:64] if person else row.contact_name
    await change_petition(
        connection, row, new_version=False, contact_phone=digits, contact_name=name
    )
    detail = {"phone": masked, "named": bool(person)}
    await record_event(
        connection, row.id, "contact_set", CITIZEN, now, detail=detail, dedupe_key=dedupe_key
    )
    return ContactSet(row.number, masked)


async def _reopen(
    connection: AsyncConnection, row: Row[Any], rating: dict[str, Any], due_on: date, now: datetime
) -> None:
    if row.lead_org_id is not None:
        await open_dispatch(connection, row.id, row.lead_org_id, "lead", now, reason="reopened")
    await change_petition(
        connection,
        row,
        reopened=row.reopened + 1,
        answered_at=None,
        due_on=due_on,
        **rating,
    )
    detail = {
        "state": [row.state, rating["state"]],
        "due_on": [row.due_on.isoformat() if row.due_on else None, due_on.isoformat()],
    }
    await record_event(connection, row.id, "reopened", CITIZEN, now, detail=detail)


async def _rated(
    connection: AsyncConnection, rules: PetitionRules, row: Row[Any], level: int, due_on: date
) -> Rated:
    office = await office_in_charge(connection, rules, row)
    return Rated(row.number, level, level <= REOPENS_UP_TO, office, due_on)


async def _reminded(
    connection: AsyncConnection,
    rules: PetitionRules,
    row: Row[Any],
    counted: bool,
    reminders: int | None = None,
) -> Reminded:
    office = await office_in_charge(connection, rules, row)
    count = row.reminders if reminders is None else reminders
    return Reminded(row.number, counted, count, office, row.due_on)


async def _reminded_on(connection: AsyncConnection, petition_id: int, day: str) -> bool:
    latest = await connection.execute(
        select(petition_event.c.detail)
        .where(petition_event.c.petition_id == petition_id, petition_event.c.type == "reminded")
        .order_by(petition_event.c.id.desc())
        .limit(1)
    )
    detail = latest.scalar_one_or_none()
    return detail is not None and detail["day"] == day


async def _earlier(connection: AsyncConnection, dedupe_key: str) -> Row[Any] | None:
    """The petition an earlier run of the same effect changed, with that event's detail."""
    found = await connection.execute(
        select(petition, petition_event.c.detail.label("event_detail"))
        .join(petition_event, petition_event.c.petition_id == petition.c.id)
        .where(petition_event.c.dedupe_key == dedupe_key)
    )
    return found.first()
