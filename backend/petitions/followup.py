"""What a citizen does with a petition of theirs: add, remind, withdraw, rate, give a contact.

Every function writes the petition and its event in the act's transaction; called again with the
same act it writes nothing and gives the same result. Refusals are results, because
the citizen gets a polite text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, select

from backend.petitions.changes import change_petition, end_dispatches, open_dispatch
from backend.petitions.citizen_act import CitizenAct, NotFound, NotPossible
from backend.petitions.events import CITIZEN, record_event
from backend.petitions.filing import UNKNOWN_PLACE, attach_messages
from backend.petitions.joining import main_of, pass_on
from backend.petitions.lifecycle import AWAITING_STATES, Action, By, State, next_state
from backend.petitions.masking import mask_phone
from backend.petitions.ownership import find_own
from backend.petitions.progress import office_in_charge
from backend.petitions.search_index import index_petition
from backend.petitions.tables import petition_event
from backend.triage.cleaning import storable

REOPENS_UP_TO = 2
"""A rating of 2 or less sends the petition back to work."""
_PHONE = re.compile(r"\+?\d{7,15}")


@dataclass(frozen=True, slots=True)
class Added:
    """`located`: the petition's id, where these words told its place and nobody knew it before."""

    number: str
    title: str
    located: int | None = None


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


async def add(
    act: CitizenAct,
    text: str,
    message_ids: Sequence[int],
    *,
    place: str | None = None,
    place_code: str | None = None,
) -> Added | NotPossible | NotFound:
    """Words, photos, voices that belong to a petition: by default to the newest that still is
    open, or was answered. `place` becomes the petition's where nobody knew it."""
    earlier = await act.earlier()
    if earlier is not None:
        return Added(earlier.number, earlier.title)
    row = await act.target(Action.ADD, AWAITING_STATES | {State.RESOLVED})
    if isinstance(row, NotFound | NotPossible):
        return row
    await attach_messages(act.connection, row.id, message_ids, "addition")
    values: dict[str, Any] = {}
    detail: dict[str, Any] = {"text": storable(text), "messages": list(message_ids)}
    if place and row.place == UNKNOWN_PLACE:
        known = place_code if place_code in act.rules.catalogue.divisions else None
        values = {"place": storable(place)[:255], "place_code": known}
        detail["place"] = [row.place, values["place"]]
    await change_petition(act.connection, row, **values)
    await act.record(row, "added", detail)
    await index_petition(act.connection, row.id)
    return Added(row.number, row.title, row.id if "place" in values else None)


async def remind(act: CitizenAct, words: str = "") -> Reminded | NotPossible | NotFound:
    """催办: at most one a working day counts (what comes on a day off counts for the next one);
    more are kept as events and answered politely."""
    earlier = await act.earlier()
    if earlier is not None:
        return await _reminded(act, earlier, bool(earlier.event_detail["counted"]))
    row = await act.target(Action.REMIND, AWAITING_STATES)
    if isinstance(row, NotFound | NotPossible):
        return row
    day = act.rules.working_day(act.now).isoformat()
    counted = not await _reminded_on(act, row.id, day)
    if counted:
        await change_petition(act.connection, row, new_version=False, reminders=row.reminders + 1)
        if (main := await main_of(act.connection, row)).id != row.id:
            # Whoever handles it for all is to see it.
            reminders = main.reminders + 1
            await change_petition(act.connection, main, new_version=False, reminders=reminders)
    await act.record(row, "reminded", {"day": day, "counted": counted}, words)
    return await _reminded(act, row, counted, row.reminders + counted)


async def withdraw(act: CitizenAct, words: str = "") -> Withdrawn | NotPossible | NotFound:
    """The citizen no longer wants it handled."""
    earlier = await act.earlier()
    if earlier is not None:
        return Withdrawn(earlier.number, earlier.title)
    row = await act.target(Action.WITHDRAW, AWAITING_STATES)
    if isinstance(row, NotFound | NotPossible):
        return row
    state = next_state(row.state, Action.WITHDRAW, By.CITIZEN)
    await pass_on(act.connection, row, act.now)
    await end_dispatches(act.connection, row.id, "withdrawn", act.now)
    await change_petition(act.connection, row, state=state.value, closed_at=act.now, main_id=None)
    await act.record(row, "withdrawn", {"state": [row.state, state.value]}, words)
    return Withdrawn(row.number, row.title)


async def rate(
    act: CitizenAct, level: int, comment: str = ""
) -> Rated | AlreadyRated | NotPossible | NotFound:
    """好差评, 5 = very satisfied; only an answered petition is rated. `REOPENS_UP_TO` or less
    sends it back to its lead office with a new deadline, more closes it. Raises ValueError for a
    level outside 1 … 5."""
    if not 1 <= level <= 5:
        raise ValueError(f"a rating lies in 1 … 5, not {level}")
    earlier = await act.earlier()
    if earlier is not None:
        given = int(earlier.event_detail["level"])
        return await _rated(act, earlier, given, earlier.due_on)
    own = await find_own(act.connection, act.citizen_id, act.number)
    if own is not None and own.state == State.CLOSED and own.rating is not None:
        return AlreadyRated(own.number, own.rating)
    action = Action.REOPEN if level <= REOPENS_UP_TO else Action.CLOSE
    row = await act.target(action)
    if isinstance(row, NotFound | NotPossible):
        return row
    state = next_state(row.state, action, By.CITIZEN, has_lead=row.lead_org_id is not None)
    await act.record(row, "rated", {"level": level, "state": [row.state, state.value]}, comment)
    rating: dict[str, Any] = {
        "rating": level,
        "rating_comment": storable(comment),
        "state": state.value,
    }
    due_on = row.due_on
    if action is Action.REOPEN:
        due_on = act.rules.due_on(row.domain, row.urgency, act.now)
        await _reopen(act, row, rating, due_on)
    else:
        await change_petition(act.connection, row, closed_at=act.now, **rating)
    return await _rated(act, row, level, due_on)


async def set_contact(
    act: CitizenAct, phone: str, person: str | None
) -> ContactSet | BadPhone | NotPossible | NotFound:
    """Whom to call about this petition. The event keeps the phone masked."""
    row = await find_own(act.connection, act.citizen_id, act.number)
    if row is None:
        return NotFound(act.number)
    digits = re.sub(r"[\s\-()（）]", "", phone)
    if not _PHONE.fullmatch(digits):
        return BadPhone(row.number)
    masked = mask_phone(digits)
    if await act.earlier() is not None:
        return ContactSet(row.number, masked)
    target = await act.target(Action.SET_CONTACT)
    if isinstance(target, NotFound | NotPossible):
        return target
    name = storable(person)[:64] if person else row.contact_name
    await change_petition(
        act.connection, row, new_version=False, contact_phone=digits, contact_name=name
    )
    await act.record(row, "contact_set", {"phone": masked, "named": bool(person)})
    return ContactSet(row.number, masked)


async def _reopen(act: CitizenAct, row: Row[Any], rating: dict[str, Any], due_on: date) -> None:
    if row.lead_org_id is not None:
        await open_dispatch(
            act.connection, row.id, row.lead_org_id, "lead", act.now, reason="reopened"
        )
    await change_petition(
        act.connection,
        row,
        reopened=row.reopened + 1,
        answered_at=None,
        main_id=None,
        due_on=due_on,
        **rating,
    )
    detail = {
        "state": [row.state, rating["state"]],
        "due_on": [row.due_on.isoformat() if row.due_on else None, due_on.isoformat()],
    }
    await record_event(act.connection, row.id, "reopened", CITIZEN, act.now, detail=detail)


async def _rated(act: CitizenAct, row: Row[Any], level: int, due_on: date) -> Rated:
    office = await office_in_charge(act.connection, act.rules, row)
    return Rated(row.number, level, level <= REOPENS_UP_TO, office, due_on)


async def _reminded(
    act: CitizenAct, row: Row[Any], counted: bool, reminders: int | None = None
) -> Reminded:
    main = await main_of(act.connection, row)
    office = await office_in_charge(act.connection, act.rules, main)
    count = row.reminders if reminders is None else reminders
    return Reminded(row.number, counted, count, office, main.due_on)


async def _reminded_on(act: CitizenAct, petition_id: int, day: str) -> bool:
    latest = await act.connection.execute(
        select(petition_event.c.detail)
        .where(petition_event.c.petition_id == petition_id, petition_event.c.type == "reminded")
        .order_by(petition_event.c.id.desc())
        .limit(1)
    )
    detail = latest.scalar_one_or_none()
    return detail is not None and detail["day"] == day
