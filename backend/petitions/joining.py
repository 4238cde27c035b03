"""Petitions of one matter handled as one: those that are joined follow their main petition.

Each keeps its number, its citizen and its events; the main one alone is dispatched, has the
deadline, and is answered, once, for all. In the caller's transaction; who may is asked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.changes import change_petition, end_dispatches
from backend.petitions.events import CITIZEN, MACHINE, Who, record_event
from backend.petitions.lifecycle import OPEN_STATES, Action, By, State, next_state
from backend.petitions.tables import dispatch, petition, petition_matter, petition_subject


async def joinable(connection: AsyncConnection, row: Row[Any]) -> bool:
    """Whether it may be joined with others: nothing confidential, and nothing that speaks of an
    office or official, which might be the one that has the others."""
    if row.confidential:
        return False
    speaks_of = exists().where(
        petition_subject.c.petition_id == row.id, petition_subject.c.lifted_at.is_(None)
    )
    return not await connection.scalar(select(speaks_of))


async def followers(connection: AsyncConnection, main_id: int) -> Sequence[Row[Any]]:
    """The petitions that follow this one, eldest first, locked."""
    found = await connection.execute(
        select(petition)
        .where(petition.c.main_id == main_id, petition.c.state == State.JOINED.value)
        .order_by(petition.c.id)
        .with_for_update()
    )
    return found.all()


async def main_of(connection: AsyncConnection, row: Row[Any]) -> Row[Any]:
    """The petition that is handled for `row`: its main one, or itself."""
    if row.state != State.JOINED:
        return row
    found = await connection.execute(select(petition).where(petition.c.id == row.main_id))
    return found.one()


async def join(
    connection: AsyncConnection, row: Row[Any], main: Row[Any], who: Who, now: datetime
) -> int:
    """Let `row`, and what follows it, follow `main`; the version after it. Raises NotPossible."""
    action = Action.JOIN if who.by is By.CITIZEN else Action.MERGE
    state = next_state(row.state, action, who.by)
    for one in await followers(connection, row.id):
        await change_petition(connection, one, main_id=main.id)
    await end_dispatches(connection, row.id, "withdrawn", now)
    version = await change_petition(
        connection, row, state=state.value, main_id=main.id, lead_org_id=None
    )
    await _one_issue(connection, row.id, main.id)
    detail = {
        "state": [row.state, state.value],
        "lead_org_id": [row.lead_org_id, None],
        "main": main.number,
    }
    await record_event(connection, row.id, "merged", who, now, detail=detail)
    await record_event(connection, main.id, "took_in", who, now, detail={"joined": row.number})
    return version


async def join_by_citizen(
    connection: AsyncConnection, petition_id: int, main_number: str, now: datetime
) -> Row[Any] | None:
    """Let a petition just filed follow the one its citizen was shown, or what that one follows by
    now: that main one. None where it can no longer be joined; the petition then goes its own
    way."""
    found = select(petition).where(petition.c.number == main_number).with_for_update()
    shown = (await connection.execute(found)).first()
    row = (await connection.execute(select(petition).where(petition.c.id == petition_id))).one()
    if shown is None:
        return None
    main = await main_of(connection, shown)
    if row.state == State.JOINED and row.main_id == main.id:
        return main  # the same turn again
    if main.id == row.id or main.state not in OPEN_STATES:
        return None
    if not (await joinable(connection, row) and await joinable(connection, main)):
        return None
    await join(connection, row, main, CITIZEN, now)
    return main


async def separate(connection: AsyncConnection, row: Row[Any], who: Who, now: datetime) -> int:
    """Let a joined petition be handled by itself again, with its own deadline; the version after
    it. It is not put into the issue again by machine. Raises NotPossible."""
    state = next_state(row.state, Action.UNMERGE, who.by)
    values: dict[str, Any] = {"state": state.value, "main_id": None}
    if state is State.ACCEPTED and row.accepted_at is None:
        values["accepted_at"] = now
    version = await change_petition(connection, row, **values)
    await connection.execute(
        update(petition_matter)
        .where(petition_matter.c.petition_id == row.id)
        .values(issue_id=None, apart=True)
    )
    main = (
        await connection.execute(select(petition.c.number).where(petition.c.id == row.main_id))
    ).scalar_one()
    detail = {"state": [row.state, state.value], "main": main}
    await record_event(connection, row.id, "unmerged", who, now, detail=detail)
    await record_event(connection, row.main_id, "let_go", who, now, detail={"joined": row.number})
    return version


async def separate_all(connection: AsyncConnection, row: Row[Any], now: datetime) -> None:
    """`row` may no longer be handled together with others: let it, or what follows it, go."""
    if row.state == State.JOINED:
        await separate(connection, row, MACHINE, now)
    for one in await followers(connection, row.id):
        await separate(connection, one, MACHINE, now)


async def follow_answer(
    connection: AsyncConnection, main: Row[Any], answer: str, who: Who, now: datetime
) -> Sequence[Row[Any]]:
    """Answer what follows `main` with its answer; the petitions answered. Their citizens rate
    each their own; who is not content has theirs handled by itself, by the office that led."""
    answered = await followers(connection, main.id)
    for row in answered:
        state = next_state(row.state, Action.FOLLOW, By.OFFICIAL)
        await change_petition(
            connection,
            row,
            state=state.value,
            lead_org_id=main.lead_org_id,
            answer=answer,
            answered_at=now,
        )
        detail = {"state": [row.state, state.value], "answer": answer, "main": main.number}
        await record_event(connection, row.id, "answered", who, now, detail=detail)
    return answered


async def pass_on(connection: AsyncConnection, row: Row[Any], now: datetime) -> None:
    """The main petition is being withdrawn: the eldest that follows it takes its place, with its
    office, its state and its deadline; the others follow that one."""
    waiting = await followers(connection, row.id)
    if not waiting:
        return
    heir, *others = waiting
    names = ("state", "lead_org_id", "accepted_at", "dispatched_at", "due_on")
    values = {name: getattr(row, name) for name in names}
    await change_petition(connection, heir, main_id=None, **values)
    await connection.execute(
        update(dispatch)
        .where(dispatch.c.petition_id == row.id, dispatch.c.state == "open")
        .values(petition_id=heir.id)
    )
    for one in others:
        await change_petition(connection, one, main_id=heir.id)
    detail = {"state": [heir.state, row.state], "lead_org_id": [None, row.lead_org_id],
              "main": row.number}  # fmt: skip
    await record_event(connection, heir.id, "took_over", CITIZEN, now, detail=detail)


async def count_joined(connection: AsyncConnection, main_id: int) -> int:
    """How many petitions were joined to this one, whatever became of them since."""
    counted = select(func.count()).where(petition.c.main_id == main_id)
    return int(await connection.scalar(counted) or 0)


async def _one_issue(connection: AsyncConnection, joined_id: int, main_id: int) -> None:
    """A human's word: both are of one hot issue, that of the main one."""
    issue = await connection.scalar(
        select(petition_matter.c.issue_id).where(petition_matter.c.petition_id == main_id)
    )
    await connection.execute(
        update(petition_matter)
        .where(petition_matter.c.petition_id.in_([joined_id, main_id]))
        .values(issue_id=issue or main_id, apart=False)
    )
