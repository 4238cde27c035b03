"""Recusal and confidentiality: who must not see a petition, or not who wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.organisation.tree import org_by_id
from backend.petitions.changes import change_petition, end_dispatches
from backend.petitions.desk_steps import LONGEST_REASON, DeskSteps, required, too_long, who_is
from backend.petitions.events import MACHINE, record_event
from backend.petitions.joining import separate_all
from backend.petitions.lifecycle import Action, By, next_state, possible
from backend.petitions.outcomes import (
    Done,
    Invalid,
    Outcome,
)
from backend.petitions.recusal import (
    add_subject,
    check_subject,
    end_recused_dispatches,
    lift,
    suggest_subjects,
)
from backend.triage.cleaning import storable


class ProtectionSteps(DeskSteps):
    """The desk's steps that hide a petition, or open it."""

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
        row = await self.opened(connection, actor, number, version, Action.SET_SUBJECT)
        if not isinstance(row, Row):
            return row
        problem = too_long(reason) or await check_subject(
            connection, row, org_id=org_id, user_id=user_id
        )
        if problem is not None:
            return problem
        now = self.clock.now()
        await add_subject(
            connection,
            row.id,
            who_is(actor),
            now,
            org_id=org_id,
            user_id=user_id,
            reason=storable(reason),
        )
        new_version = await change_petition(connection, row)
        await separate_all(connection, row, now)
        await self.take_from_subjects(connection, row, now)
        return await self.done_now(connection, row, new_version)

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
        row = await self.opened(connection, actor, number, version, Action.LIFT_SUBJECT)
        if not isinstance(row, Row):
            return row
        problem = required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        now = self.clock.now()
        if not await lift(connection, row.id, subject_id, now):
            return Invalid("subject_id", "unknown")
        new_version = await change_petition(connection, row)
        await record_event(
            connection,
            row.id,
            "subject_lifted",
            who_is(actor),
            now,
            reason=storable(reason),
            detail={"subject_id": subject_id},
        )
        return await self.done_now(connection, row, new_version)

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
        row = await self.opened(connection, actor, number, version, Action.SET_CONFIDENTIAL)
        if not isinstance(row, Row):
            return row
        problem = required("reason", reason, LONGEST_REASON)
        if problem is not None:
            return problem
        if row.confidential == confidential:
            return Done(row.number, row.version, row.state)
        new_version = await change_petition(connection, row, confidential=confidential)
        if confidential:
            await separate_all(connection, row, self.clock.now())
        await record_event(
            connection,
            row.id,
            "confidential_set",
            who_is(actor),
            self.clock.now(),
            reason=storable(reason),
            detail={"confidential": [row.confidential, confidential]},
        )
        return await self.done_now(connection, row, new_version)

    async def recuse_named(
        self, connection: AsyncConnection, row: Row[Any], changed: Mapping[str, Any], now: datetime
    ) -> None:
        """Recuse what the text names, now that it is a complaint or report."""
        home = await org_by_id(connection, changed.get("org_id", row.org_id))
        if home is None:
            return
        await suggest_subjects(
            connection,
            self.rules,
            petition_id=row.id,
            kind=changed["kind"],
            text=row.text,
            home=home,
            now=now,
        )
        await self.take_from_subjects(connection, row, now)

    async def take_from_subjects(
        self, connection: AsyncConnection, row: Row[Any], now: datetime
    ) -> None:
        """Take the petition from offices that have become its subject; without a lead it goes
        back to the desk."""
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
