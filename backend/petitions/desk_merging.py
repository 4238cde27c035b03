"""Merging: petitions of one matter become one to handle, and apart again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.organisation.tree import root_path
from backend.petitions.access import permitted, select_visible
from backend.petitions.changes import change_petition
from backend.petitions.desk_protection import ProtectionSteps
from backend.petitions.desk_steps import who_is
from backend.petitions.joining import (
    count_joined,
    follow_answer,
    followers,
    join,
    joinable,
    separate,
)
from backend.petitions.lifecycle import Action, By, State, possible
from backend.petitions.outcomes import (
    Conflict,
    Done,
    Forbidden,
    Impossible,
    Invalid,
    Missing,
    Outcome,
)
from backend.petitions.tables import petition

_FURTHEST = (State.IN_PROGRESS, State.DISPATCHED, State.ACCEPTED, State.RECEIVED)


class MergingSteps(ProtectionSteps):
    """The desk's steps that put petitions of one matter together."""

    async def merge(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int, other: str
    ) -> Outcome:
        """合并: handle the two as one. The one that has others already, else the one that is
        further on, else the elder leads; the other follows it: the citizen of that one is told
        'petition_merged' {number, title} and hears of everything the main one comes to. What
        follows another stands for its main one. Never what is confidential or speaks of an office
        or official."""
        row = await self.opened(connection, actor, number, version, Action.MERGE)
        if not isinstance(row, Row):
            return row
        found = await _visible(connection, actor, petition.c.number == other)
        if found is not None and found.state == State.JOINED:
            found = await _visible(connection, actor, petition.c.id == found.main_id)
        if found is None:
            return Missing()
        problem = await _cannot(connection, actor, row, found)
        if problem is not None:
            return problem
        main, joined = await leading_first(connection, [row, found])
        await self._join(connection, actor, joined, main)
        return await self._as_it_stands(connection, row.id)

    async def merge_into(
        self,
        connection: AsyncConnection,
        actor: Actor,
        number: str,
        version: int,
        main: str,
        main_version: int,
    ) -> Outcome:
        """合并 into a main one the official chose: checked, and told, as `merge`. Done again, it
        is Done."""
        row = await self.opened(connection, actor, number, version, Action.MERGE)
        found = await _visible(connection, actor, petition.c.number == main)
        if not isinstance(row, Row):
            return await self._follows_already(connection, actor, number, found) or row
        if found is None:
            return Missing()
        if found.version != main_version:
            return Conflict(found.version)
        problem = await _cannot(connection, actor, row, found)
        if problem is not None:
            return problem
        await self._join(connection, actor, row, found)
        return await self._as_it_stands(connection, row.id)

    async def unmerge(
        self, connection: AsyncConnection, actor: Actor, number: str, version: int
    ) -> Outcome:
        """分开: what follows another is handled by itself again, with its own deadline."""
        row = await self.opened(connection, actor, number, version, Action.UNMERGE)
        if not isinstance(row, Row):
            return row
        await separate(connection, row, who_is(actor), self.clock.now())
        return await self._as_it_stands(connection, row.id)

    async def tell_all(
        self,
        connection: AsyncConnection,
        row: Row[Any],
        key: str,
        params: Mapping[str, str | int | None],
    ) -> None:
        """Tell the citizen of the petition, and those of all that follow it, each by their own
        number and title."""
        own = {"number": row.number, "title": row.title}
        await self.notifier.tell(connection, row.id, key, {**own, **params})
        for one in await followers(connection, row.id):
            # A new version, so that the same words may be said again of a later change.
            await change_petition(connection, one)
            own = {"number": one.number, "title": one.title}
            await self.notifier.tell(connection, one.id, key, {**own, **params})

    async def answer_followers(
        self,
        connection: AsyncConnection,
        actor: Actor,
        main: Row[Any],
        key: str,
        params: Mapping[str, str | int | None],
        now: datetime,
    ) -> None:
        """The main petition's answer is theirs; each citizen hears it and is asked to rate it."""
        answer = str(params["answer"])
        for one in await follow_answer(connection, main, answer, who_is(actor), now):
            own = {"number": one.number, "title": one.title}
            await self.notifier.tell(connection, one.id, key, {**params, **own})
            await self.notifier.ask_rating(connection, one.id)

    async def _join(
        self, connection: AsyncConnection, actor: Actor, joined: Row[Any], main: Row[Any]
    ) -> None:
        await join(connection, joined, main, who_is(actor), self.clock.now())
        own = {"number": joined.number, "title": joined.title}
        await self.notifier.tell(connection, joined.id, "petition_merged", own)

    async def _follows_already(
        self, connection: AsyncConnection, actor: Actor, number: str, main: Row[Any] | None
    ) -> Done | None:
        row = await _visible(connection, actor, petition.c.number == number)
        if row is None or main is None or row.state != State.JOINED or row.main_id != main.id:
            return None
        return Done(row.number, row.version, row.state)

    async def _as_it_stands(self, connection: AsyncConnection, petition_id: int) -> Done:
        query = select(petition.c.number, petition.c.version, petition.c.state)
        row = (await connection.execute(query.where(petition.c.id == petition_id))).one()
        return Done(row.number, row.version, row.state)


async def _visible(connection: AsyncConnection, actor: Actor, which: Any) -> Row[Any] | None:
    query = select_visible(actor).where(which).with_for_update(of=petition)
    row: Row[Any] | None = (await connection.execute(query)).first()
    return row


async def _cannot(
    connection: AsyncConnection, actor: Actor, row: Row[Any], other: Row[Any]
) -> Outcome | None:
    """Why the two cannot be merged."""
    if row.id == other.id:
        return Invalid("other", "merge_same")
    if not permitted(actor, other, Action.MERGE):
        return Forbidden(Action.MERGE.value)
    if not possible(other.state, Action.MERGE, By.OFFICIAL):
        return Impossible(other.state, Action.MERGE.value)
    if root_path(row.org_path) != root_path(other.org_path):
        return Invalid("other", "merge_elsewhere")
    for one in (row, other):
        if not await joinable(connection, one):
            return Invalid("other", "merge_confidential" if one.confidential else "merge_recused")
    return None


async def leading_first(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Open petitions, who best leads the others first: what has others, is further on, is older."""
    joined = {one.id: await count_joined(connection, one.id) for one in rows}
    return sorted(
        rows, key=lambda one: (-joined[one.id], _FURTHEST.index(State(one.state)), one.id)
    )
