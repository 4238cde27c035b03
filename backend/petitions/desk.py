"""The officials' side: each step checks version, role, office and state, writes the petition and
its event, and queues what the citizen is told, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.organisation.tree import org_by_id
from backend.petitions.access import permitted, select_visible
from backend.petitions.changes import change_petition, end_dispatches, open_dispatch
from backend.petitions.correction import Correction, check_correction, corrected_values, learn
from backend.petitions.dispatching import check_targets
from backend.petitions.events import MACHINE, Who, record_event
from backend.petitions.lifecycle import Action, By, State, next_state, possible
from backend.petitions.notifier import Notifier
from backend.petitions.offices import office_name
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Missing,
    Outcome,
    Refused,
)
from backend.petitions.recusal import (
    add_subject,
    check_subject,
    end_recused_dispatches,
    lift,
    suggest_subjects,
)
from backend.petitions.rules import ACCUSING_KINDS, PetitionRules
from backend.petitions.tables import petition
from backend.petitions.wording import day_words
from backend.ports import Clock
from backend.triage.cleaning import storable

LONGEST_ANSWER = 2_000
LONGEST_REASON = 1_000


class Desk:
    """One object for all officials' steps. Every method takes the version the official saw."""

    def __init__(self, notifier: Notifier, rules: PetitionRules, clock: Clock) -> None:
        self._notifier = notifier
        self._rules = rules
        self._clock = clock

    async def accept(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int
    ) -> Outcome:
        """受理. The citizen is told 'petition_accepted' {number, title}."""
        row = await self._open(connection, actor, number, version, Action.ACCEPT)
        if not isinstance(row, Row):
            return row
        now = self._clock.now()
        done = await self._move(connection, actor, row, Action.ACCEPT, now, accepted_at=now)
        await self._notifier.tell(
            connection, row.id, "petition_accepted", {"number": row.number, "title": row.title}
        )
        return done

    async def correct(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        correction: Correction,
        reason: str = "",
    ) -> Outcome:
        """Set kind, domain, urgency, place right. The deadline and the township follow; offices
        a petition turned complaint names are recused."""
        row = await self._open(connection, actor, number, version, Action.CORRECT)
        if not isinstance(row, Row):
            return row
        problem = check_correction(correction, self._rules) or _too_long(reason)
        if problem is not None:
            return problem
        changed = await corrected_values(connection, self._rules, row, correction)
        if not changed:
            return Done(row.number, row.version, row.state)
        now = self._clock.now()
        await learn(connection, row.id, changed, actor.user_id, now)
        new_version = await change_petition(connection, row, **changed)
        await record_event(
            connection,
            row.id,
            "corrected",
            _who(actor),
            now,
            reason=storable(reason),
            detail={
                field: [_json(getattr(row, field)), _json(changed[field])] for field in changed
            },
        )
        if changed.get("kind") in ACCUSING_KINDS:
            await self._recuse_named(connection, row, changed, now)
        return await self._after(connection, row, new_version)

    async def dispatch(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        lead_org_id: int,
        assisting_org_ids: Sequence[int] = (),
        reason: str = "",
    ) -> Outcome:
        """派单 to a lead office and assisting ones of the same county; again: moves it. What was
        only received is accepted in the same stroke. Never to a subject of the petition. The
        citizen is told 'petition_dispatched' {number, title, office, deadline} when the lead is
        another than before."""
        row = await self._open(connection, actor, number, version, Action.DISPATCH)
        if not isinstance(row, Row):
            return row
        assisting = [org for org in dict.fromkeys(assisting_org_ids) if org != lead_org_id]
        problem = _too_long(reason) or await check_targets(connection, row, lead_org_id, assisting)
        if problem is not None:
            return problem
        now = self._clock.now()
        values: dict[str, Any] = {"lead_org_id": lead_org_id, "dispatched_at": now}
        if row.state == State.RECEIVED:
            values["accepted_at"] = now
            detail = {"state": [row.state, State.ACCEPTED.value]}
            await record_event(connection, row.id, "accepted", _who(actor), now, detail=detail)
        await end_dispatches(connection, row.id, "withdrawn", now, reason=storable(reason))
        for org_id in (lead_org_id, *assisting):
            role = "lead" if org_id == lead_org_id else "assisting"
            await open_dispatch(
                connection,
                row.id,
                org_id,
                role,
                now,
                by_user_id=actor.user_id,
                reason=storable(reason),
            )
        done = await self._move(
            connection,
            actor,
            row,
            Action.DISPATCH,
            now,
            reason=reason,
            detail={"lead_org_id": [row.lead_org_id, lead_org_id], "assisting": assisting},
            **values,
        )
        if row.lead_org_id != lead_org_id:
            params = {
                "number": row.number,
                "title": row.title,
                "office": await office_name(connection, lead_org_id),
                "deadline": day_words(row.due_on, now),
            }
            await self._notifier.tell(connection, row.id, "petition_dispatched", params)
        return done

    async def start(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int
    ) -> Outcome:
        """办理: the lead office has begun."""
        row = await self._open(connection, actor, number, version, Action.START)
        if not isinstance(row, Row):
            return row
        return await self._move(connection, actor, row, Action.START, self._clock.now())

    async def return_(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, reason: str
    ) -> Outcome:
        """退回: 'not ours', with a reason; the desk decides anew. The office no longer sees it."""
        row = await self._open(connection, actor, number, version, Action.RETURN)
        if not isinstance(row, Row):
            return row
        problem = _required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        now = self._clock.now()
        await end_dispatches(connection, row.id, "returned", now, reason=storable(reason))
        return await self._move(
            connection,
            actor,
            row,
            Action.RETURN,
            now,
            reason=reason,
            detail={"lead_org_id": [row.lead_org_id, None]},
            lead_org_id=None,
        )

    async def answer(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, text: str
    ) -> Outcome:
        """答复. The citizen is told 'answer_to_petition' {number, title, answer, office}, then
        asked for a rating."""
        row = await self._open(connection, actor, number, version, Action.ANSWER)
        if not isinstance(row, Row):
            return row
        problem = _required("answer", text, LONGEST_ANSWER)
        if problem is not None:
            return problem
        now, words = self._clock.now(), storable(text.strip())
        await end_dispatches(connection, row.id, "done", now)
        done = await self._move(
            connection,
            actor,
            row,
            Action.ANSWER,
            now,
            detail={"answer": words},
            answer=words,
            answered_at=now,
        )
        answering = row.lead_org_id if row.lead_org_id is not None else actor.org_id
        params = {
            "number": row.number,
            "title": row.title,
            "answer": words,
            "office": await office_name(connection, answering),
        }
        await self._notifier.tell(connection, row.id, "answer_to_petition", params)
        await self._notifier.ask_rating(connection, row.id)
        return done

    async def set_subject(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        *,
        org_id: int | None = None,
        user_id: int | None = None,
        reason: str = "",
    ) -> Outcome:
        """回避: the petition speaks about this office, or this official (one of the two). If the
        office has it, it is taken away at once."""
        row = await self._open(connection, actor, number, version, Action.SET_SUBJECT)
        if not isinstance(row, Row):
            return row
        problem = _too_long(reason) or await check_subject(
            connection, row, org_id=org_id, user_id=user_id
        )
        if problem is not None:
            return problem
        now = self._clock.now()
        await add_subject(
            connection,
            row.id,
            _who(actor),
            now,
            org_id=org_id,
            user_id=user_id,
            reason=storable(reason),
        )
        new_version = await change_petition(connection, row)
        await self._take_from_subjects(connection, row, now)
        return await self._after(connection, row, new_version)

    async def lift_subject(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        subject_id: int,
        reason: str,
    ) -> Outcome:
        """The petition does not speak about them after all; a reason is needed."""
        row = await self._open(connection, actor, number, version, Action.LIFT_SUBJECT)
        if not isinstance(row, Row):
            return row
        problem = _required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        now = self._clock.now()
        if not await lift(connection, row.id, subject_id, now):
            return Invalid("subject_id", "unknown")
        new_version = await change_petition(connection, row)
        await record_event(
            connection,
            row.id,
            "subject_lifted",
            _who(actor),
            now,
            reason=storable(reason),
            detail={"subject_id": subject_id},
        )
        return await self._after(connection, row, new_version)

    async def set_confidential(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        confidential: bool,
        reason: str,
    ) -> Outcome:
        """Hide who reported, and what, from all but few; or open it."""
        row = await self._open(connection, actor, number, version, Action.SET_CONFIDENTIAL)
        if not isinstance(row, Row):
            return row
        problem = _required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        if row.confidential == confidential:
            return Done(row.number, row.version, row.state)
        new_version = await change_petition(connection, row, confidential=confidential)
        await record_event(
            connection,
            row.id,
            "confidential_set",
            _who(actor),
            self._clock.now(),
            reason=storable(reason),
            detail={"confidential": [row.confidential, confidential]},
        )
        return await self._after(connection, row, new_version)

    async def note(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, text: str
    ) -> Outcome:
        """A word among officials; the citizen is not told. It changes no version, so a colleague's
        open page stays good."""
        row = await self._open(connection, actor, number, version, Action.NOTE)
        if not isinstance(row, Row):
            return row
        problem = _required("note", text, LONGEST_REASON)
        if problem is not None:
            return problem
        await record_event(
            connection,
            row.id,
            "note",
            _who(actor),
            self._clock.now(),
            reason=storable(text.strip()),
        )
        return Done(row.number, row.version, row.state)

    async def _open(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        action: Action,
    ) -> Row[Any] | Refused:
        """The petition, locked, if the step may be taken now."""
        query = select_visible(actor).where(petition.c.number == number)
        found = await connection.execute(query.with_for_update(of=petition))
        row: Row[Any] | None = found.first()
        if row is None:
            return Missing()
        if not permitted(actor, row, action):
            return Forbidden(action.value)
        if row.version != version:
            return Conflict(row.version)
        if not possible(row.state, action, By.OFFICIAL):
            return Impossible(row.state, action.value)
        return row

    async def _move(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: Row[Any],
        action: Action,
        now: datetime,
        *,
        reason: str = "",
        detail: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Done:
        state = next_state(row.state, action, By.OFFICIAL)
        version = await change_petition(connection, row, state=state.value, **values)
        await record_event(
            connection,
            row.id,
            _EVENTS[action],
            _who(actor),
            now,
            reason=storable(reason.strip()),
            detail={"state": [row.state, state.value], **(detail or {})},
        )
        return Done(row.number, version, state.value)

    async def _recuse_named(
        self, connection: AsyncConnection, row: Row[Any], changed: Mapping[str, Any], now: datetime
    ) -> None:
        home = await org_by_id(connection, changed.get("org_id", row.org_id))
        if home is None:
            return
        await suggest_subjects(
            connection,
            self._rules,
            petition_id=row.id,
            kind=changed["kind"],
            text=row.text,
            home=home,
            now=now,
        )
        await self._take_from_subjects(connection, row, now)

    async def _take_from_subjects(
        self, connection: AsyncConnection, row: Row[Any], now: datetime
    ) -> None:
        led = await end_recused_dispatches(connection, row, now)
        if not led or not possible(row.state, Action.RECUSE_OFFICE, By.MACHINE):
            return
        state = next_state(row.state, Action.RECUSE_OFFICE, By.MACHINE)
        await end_dispatches(connection, row.id, "withdrawn", now, reason="recusal")
        await change_petition(connection, row, state=state.value)
        await record_event(
            connection,
            row.id,
            "recused",
            MACHINE,
            now,
            detail={"state": [row.state, state.value], "lead_org_id": [row.lead_org_id, None]},
        )

    async def _after(self, connection: AsyncConnection, row: Row[Any], version: int) -> Done:
        state = await connection.execute(
            petition.select().with_only_columns(petition.c.state).where(petition.c.id == row.id)
        )
        return Done(row.number, version, state.scalar_one())


_EVENTS = {
    Action.ACCEPT: "accepted",
    Action.DISPATCH: "dispatched",
    Action.START: "started",
    Action.RETURN: "returned",
    Action.ANSWER: "answered",
}


def _who(actor: Actor) -> Who:
    return Who(By.OFFICIAL, actor.user_id, actor.org_id)


def _required(field: str, text: str, longest: int) -> Invalid | None:
    if not text.strip():
        return Invalid(field, "required")
    return Invalid(field, "too_long") if len(text) > longest else None


def _too_long(reason: str) -> Invalid | None:
    return Invalid("reason", "too_long") if len(reason) > LONGEST_REASON else None


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
