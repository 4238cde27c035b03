"""Dispatching many petitions at once: each in a transaction of its own, with its own outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database
from backend.organisation.sessions import Actor
from backend.petitions.chosen import MOST_AT_ONCE, Chosen
from backend.petitions.desk import Desk
from backend.petitions.events import event_of
from backend.petitions.lifecycle import Action, State
from backend.petitions.offices import suggest_offices
from backend.petitions.outcomes import Done, Impossible, Invalid, Outcome
from backend.petitions.tables import petition

# What an office already has is moved one by one: that office may be at work on it.
DISPATCHABLE = frozenset({State.RECEIVED, State.ACCEPTED})


@dataclass(frozen=True, slots=True)
class BulkDispatch:
    """`lead_org_id` None: each to the office the catalogue suggests for it, with its assisting
    ones. `token` names this posting: posted again, it does nothing twice."""

    token: str
    lead_org_id: int | None
    reason: str = ""


async def dispatch_each(
    database: Database, desk: Desk, actor: Actor, wanted: BulkDispatch, chosen: Sequence[Chosen]
) -> Sequence[Outcome]:
    """The outcomes in the order of `chosen`; what is done stays done if a later one fails. Takes
    the database: a transaction for all would hold up every other writer, and one refusal would
    take the others back. Raises ValueError for more than `MOST_AT_ONCE`."""
    if len(chosen) > MOST_AT_ONCE:
        raise ValueError(f"{len(chosen)} petitions at once")
    outcomes = []
    for one in chosen:
        async with database.write() as connection:
            outcomes.append(await _dispatch(connection, desk, actor, wanted, one))
    return outcomes


async def _dispatch(
    connection: AsyncConnection, desk: Desk, actor: Actor, wanted: BulkDispatch, one: Chosen
) -> Outcome:
    once = f"bulk:{actor.user_id}:{wanted.token}:{one.number}"
    row = await desk.opened(connection, actor, one.number, one.version, Action.DISPATCH)
    if not isinstance(row, Row):
        return await _done_before(connection, once) or row
    if row.state not in DISPATCHABLE:
        return Impossible(row.state, Action.DISPATCH.value)
    lead, assisting = wanted.lead_org_id, list[int]()
    if lead is None:
        suggestion = await suggest_offices(
            connection,
            desk.rules,
            petition_id=row.id,
            domain=row.domain,
            place_code=row.place_code,
        )
        if suggestion.lead is None:
            return Invalid("lead_org_id", "unsuggested")
        lead, assisting = suggestion.lead.id, [office.id for office in suggestion.assisting]
    at = (connection, actor, one.number, one.version)
    return await desk.dispatch(*at, lead, assisting, wanted.reason, once=once)


async def _done_before(connection: AsyncConnection, once: str) -> Done | None:
    """What the same posting did the first time."""
    event = await event_of(connection, once)
    if event is None:
        return None
    query = select(petition.c.number, petition.c.version, petition.c.state)
    row = (await connection.execute(query.where(petition.c.id == event.petition_id))).one()
    return Done(row.number, row.version, row.state)
