"""What every step of the desk shares: open the petition, move its state, say how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.access import permitted, select_visible
from backend.petitions.changes import change_petition
from backend.petitions.events import Who, record_event
from backend.petitions.lifecycle import Action, By, next_state, possible
from backend.petitions.notifier import Notifier
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Missing,
    Refused,
)
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import petition
from backend.ports import Clock
from backend.triage.cleaning import storable

LONGEST_REASON = 1_000


class DeskSteps:
    """Base of `Desk`; opens a petition for one step and writes the step with its event."""

    def __init__(self, notifier: Notifier, rules: PetitionRules, clock: Clock) -> None:
        self.notifier = notifier
        self.rules = rules
        self.clock = clock

    async def opened(
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

    async def moved(
        self,
        connection: AsyncConnection,
        actor: Actor,
        row: Row[Any],
        action: Action,
        now: datetime,
        *,
        reason: str = "",
        detail: Mapping[str, Any] | None = None,
        once: str | None = None,
        **values: Any,
    ) -> Done:
        """Take the step: new state and `values` on the row, and its event."""
        state = next_state(row.state, action, By.OFFICIAL)
        version = await change_petition(connection, row, state=state.value, **values)
        await record_event(
            connection,
            row.id,
            _EVENTS[action],
            who_is(actor),
            now,
            reason=storable(reason.strip()),
            detail={"state": [row.state, state.value], **(detail or {})},
            dedupe_key=once,
        )
        return Done(row.number, version, state.value)

    async def done_now(self, connection: AsyncConnection, row: Row[Any], version: int) -> Done:
        """Done, with the state as it now stands in the database."""
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


def who_is(actor: Actor) -> Who:
    """The official as events record them."""
    return Who(By.OFFICIAL, actor.user_id, actor.org_id)


def required(field: str, text: str, longest: int) -> Invalid | None:
    """Refuses a blank text, and one of more than `longest` characters."""
    if not text.strip():
        return Invalid(field, "required")
    return Invalid(field, "too_long") if len(text) > longest else None


def too_long(reason: str) -> Invalid | None:
    """Refuses a reason of more than `LONGEST_REASON` characters."""
    return Invalid("reason", "too_long") if len(reason) > LONGEST_REASON else None
