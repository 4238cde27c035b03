"""Counts over the queue, kept until something changes: they cost more than the queue itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.queue import Filters, QueueCounts, owed_counts, settled_counts
from backend.petitions.rules import today
from backend.petitions.tables import petition_event

LONGEST = timedelta(seconds=30)
ENTRIES = 2_000
# Events of what is still owed, or that no count depends on: what is settled stays as it was.
_SETTLED_UNTOUCHED = (
    *("received", "accepted", "dispatched", "started", "returned"),
    *("note", "contact_set", "reminded", "tail_refused"),
)
_NEWEST_EVENT = select(func.max(petition_event.c.id))
_SINCE = select(
    func.max(petition_event.c.id).label("any"),
    func.max(case((petition_event.c.type.not_in(_SETTLED_UNTOUCHED), petition_event.c.id))).label(
        "settled"
    ),
).where(petition_event.c.id > bindparam("seen"))

Count = Callable[[AsyncConnection, Actor, Filters, datetime], Awaitable[QueueCounts]]


async def newest_event(connection: AsyncConnection) -> int:
    """The number of the last event of any petition, 0 before the first: whoever changes a
    petition records one."""
    return int((await connection.execute(_NEWEST_EVENT)).scalar_one() or 0)


class QueueCounter:
    """`queue_counts`, remembered per official and filters: what is owed until a petition changes,
    what is settled until one is answered, ends, is reopened or hidden; and at most for `LONGEST`
    (offices move, and PostgreSQL may show events out of their order)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[datetime, QueueCounts]] = OrderedDict()
        self._seen: int | None = None
        self._settled_since = 0

    async def counts(
        self, connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
    ) -> QueueCounts:
        """As `queue_counts` says."""
        await self._look(connection)
        asked = replace(filters, states=())
        owed = await self._count(owed_counts, self._seen, connection, actor, asked, now)
        settled = await self._count(
            settled_counts, self._settled_since, connection, actor, asked, now
        )
        return owed.with_settled(settled)

    async def _look(self, connection: AsyncConnection) -> None:
        """Note the events since the last look."""
        if self._seen is None:
            self._seen = await newest_event(connection)
            return
        found = (await connection.execute(_SINCE, {"seen": self._seen})).one()
        self._seen = max(found.any or 0, self._seen)
        self._settled_since = max(found.settled or 0, self._settled_since)

    async def _count(
        self,
        count: Count,
        since: int | None,
        connection: AsyncConnection,
        actor: Actor,
        filters: Filters,
        now: datetime,
    ) -> QueueCounts:
        key = (count, since, today(now), actor, filters)
        kept = self._kept.get(key)
        if kept is not None and timedelta(0) <= now - kept[0] < LONGEST:
            self._kept.move_to_end(key)
            return kept[1]
        counted = await count(connection, actor, filters, now)
        self._kept[key] = (now, counted)
        while len(self._kept) > ENTRIES:
            self._kept.popitem(last=False)
        return counted
