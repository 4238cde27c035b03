"""The officials' side: each step checks version, role, office and state, writes the petition and
its event, and queues what the citizen is told, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.changes import change_petition, end_dispatches, open_dispatch
from backend.petitions.correction import Correction, check_correction, corrected_values, learn
from backend.petitions.desk_merging import MergingSteps
from backend.petitions.desk_steps import LONGEST_REASON, required, too_long, who_is
from backend.petitions.dispatching import check_targets
from backend.petitions.events import record_event
from backend.petitions.joining import separate_all
from backend.petitions.lifecycle import Action, State
from backend.petitions.offices import office_name
from backend.petitions.outcomes import (
    Done,
    Outcome,
)
from backend.petitions.rules import ACCUSING_KINDS
from backend.petitions.wording import day_words
from backend.triage.cleaning import storable

LONGEST_ANSWER = 2_000


class Desk(MergingSteps):
    """One object for all officials' steps. Every method takes the version the official saw."""

    async def accept(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int
    ) -> Outcome:
        """受理. The citizen is told 'petition_accepted' {number, title}."""
        row = await self.opened(connection, actor, number, version, Action.ACCEPT)
        if not isinstance(row, Row):
            return row
        now = self.clock.now()
        done = await self.moved(connection, actor, row, Action.ACCEPT, now, accepted_at=now)
        await self.tell_all(connection, row, "petition_accepted", {})
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
        row = await self.opened(connection, actor, number, version, Action.CORRECT)
        if not isinstance(row, Row):
            return row
        problem = check_correction(correction, self.rules) or too_long(reason)
        if problem is not None:
            return problem
        changed = await corrected_values(connection, self.rules, row, correction)
        if not changed:
            return Done(row.number, row.version, row.state)
        now = self.clock.now()
        await learn(connection, row, changed, actor.user_id, now)
        new_version = await change_petition(connection, row, **changed)
        await record_event(
            connection,
            row.id,
            "corrected",
            who_is(actor),
            now,
            reason=storable(reason),
            detail={
                field: [_json(getattr(row, field)), _json(changed[field])] for field in changed
            },
        )
        if changed.get("confidential"):
            await separate_all(connection, row, now)
        if changed.get("kind") in ACCUSING_KINDS:
            await self.recuse_named(connection, row, changed, now)
        return await self.done_now(connection, row, new_version)

    async def dispatch(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        lead_org_id: int,
        assisting_org_ids: Sequence[int] = (),
        reason: str = "",
        *,
        once: str | None = None,
    ) -> Outcome:
        """派单 to a lead office and assisting ones of the same county; again: moves it. What was
        only received is accepted in the same stroke. Never to a subject of the petition. The
        citizen is told 'petition_dispatched' {number, title, office, deadline} when the lead is
        another than before. `once`: a key of its event (see `record_event`)."""
        row = await self.opened(connection, actor, number, version, Action.DISPATCH)
        if not isinstance(row, Row):
            return row
        assisting = [org for org in dict.fromkeys(assisting_org_ids) if org != lead_org_id]
        problem = too_long(reason) or await check_targets(connection, row, lead_org_id, assisting)
        if problem is not None:
            return problem
        now = self.clock.now()
        values: dict[str, Any] = {"lead_org_id": lead_org_id, "dispatched_at": now}
        if row.state == State.RECEIVED:
            values["accepted_at"] = now
            detail = {"state": [row.state, State.ACCEPTED.value]}
            await record_event(connection, row.id, "accepted", who_is(actor), now, detail=detail)
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
        done = await self.moved(
            connection,
            actor,
            row,
            Action.DISPATCH,
            now,
            reason=reason,
            detail={"lead_org_id": [row.lead_org_id, lead_org_id], "assisting": assisting},
            once=once,
            **values,
        )
        if row.lead_org_id != lead_org_id:
            params = {
                "office": await office_name(connection, lead_org_id),
                "deadline": day_words(row.due_on, now),
            }
            await self.tell_all(connection, row, "petition_dispatched", params)
        return done

    async def start(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int
    ) -> Outcome:
        """办理: the lead office has begun."""
        row = await self.opened(connection, actor, number, version, Action.START)
        if not isinstance(row, Row):
            return row
        return await self.moved(connection, actor, row, Action.START, self.clock.now())

    async def return_(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, reason: str
    ) -> Outcome:
        """退回: 'not ours', with a reason; the desk decides anew. The office no longer sees it."""
        row = await self.opened(connection, actor, number, version, Action.RETURN)
        if not isinstance(row, Row):
            return row
        problem = required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        now = self.clock.now()
        await end_dispatches(connection, row.id, "returned", now, reason=storable(reason))
        return await self.moved(
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
        asked for a rating; so are those whose petitions follow this one."""
        row = await self.opened(connection, actor, number, version, Action.ANSWER)
        if not isinstance(row, Row):
            return row
        problem = required("answer", text, LONGEST_ANSWER)
        if problem is not None:
            return problem
        now, words = self.clock.now(), storable(text.strip())
        await end_dispatches(connection, row.id, "done", now)
        done = await self.moved(
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
        await self.notifier.tell(connection, row.id, "answer_to_petition", params)
        await self.notifier.ask_rating(connection, row.id)
        await self.answer_followers(connection, actor, row, "answer_to_petition", params, now)
        return done

    async def note(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, text: str
    ) -> Outcome:
        """A word among officials; the citizen is not told. It changes no version, so a colleague's
        open page stays good."""
        row = await self.opened(connection, actor, number, version, Action.NOTE)
        if not isinstance(row, Row):
            return row
        problem = required("note", text, LONGEST_REASON)
        if problem is not None:
            return problem
        await record_event(
            connection,
            row.id,
            "note",
            who_is(actor),
            self.clock.now(),
            reason=storable(text.strip()),
        )
        return Done(row.number, row.version, row.state)


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
