"""A citizen does something to a petition of theirs: by whom, to which, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.events import CITIZEN, record_event
from backend.petitions.lifecycle import Action, By, State, possible
from backend.petitions.ownership import find_own
from backend.petitions.rules import PetitionRules
from backend.petitions.tables import petition, petition_event
from backend.triage.cleaning import storable


@dataclass(frozen=True, slots=True)
class NotFound:
    """No such petition of this citizen. `number` None: they have none at all."""

    number: str | None


@dataclass(frozen=True, slots=True)
class NotPossible:
    """The petition is the citizen's, but in this state it cannot be done."""

    number: str
    state: str


@dataclass(frozen=True, slots=True)
class CitizenAct:
    """In the caller's transaction. `number` None: the newest petition that the act fits.
    `dedupe_key` is the same on every repeat, and the act is done once."""

    connection: AsyncConnection
    rules: PetitionRules
    citizen_id: int
    number: str | None
    now: datetime
    dedupe_key: str

    async def target(
        self, action: Action, states: frozenset[State] | None = None
    ) -> Row[Any] | NotFound | NotPossible:
        """The petition, locked; `states` narrow the search for the newest."""
        row = await find_own(self.connection, self.citizen_id, self.number, states=states)
        if row is None:
            return NotFound(self.number)
        if not possible(row.state, action, By.CITIZEN):
            return NotPossible(row.number, row.state)
        return row

    async def earlier(self) -> Row[Any] | None:
        """The petition an earlier run of the same act changed, with that event's detail."""
        found = await self.connection.execute(
            select(petition, petition_event.c.detail.label("event_detail"))
            .join(petition_event, petition_event.c.petition_id == petition.c.id)
            .where(petition_event.c.dedupe_key == self.dedupe_key)
        )
        return found.first()

    async def record(
        self, row: Row[Any], type_: str, detail: Mapping[str, Any], words: str = ""
    ) -> None:
        """The event of this act; `words` are the citizen's."""
        await record_event(
            self.connection,
            row.id,
            type_,
            CITIZEN,
            self.now,
            reason=storable(words),
            detail=detail,
            dedupe_key=self.dedupe_key,
        )
