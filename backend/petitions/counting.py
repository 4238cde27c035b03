"""Counts over the queue, kept until something changes: they cost more than the queue itself."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.queue import Filters, QueueCounts, queue_counts
from backend.petitions.rules import today
from backend.petitions.tables import petition_event

LONGEST = timedelta(seconds=30)
ENTRIES = 1_000
_NEWEST_EVENT = select(func.max(petition_event.c.id))


async def newest_event(connection: AsyncConnection) -> int:
    """The number of the last event of any petition, 0 before the first: whoever changes a
    petition records one."""
    return int((await connection.execute(_NEWEST_EVENT)).scalar_one() or 0)


class QueueCounter:
    """`queue_counts`, remembered per official and filters until a petition changes, and at most
    for `LONGEST` (offices move, and PostgreSQL may show events out of their order)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[datetime, QueueCounts]] = OrderedDict()

    async def counts(
        self, connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
    ) -> QueueCounts:
        """As `queue_counts` says."""
        newest = await newest_event(connection)
        key = (newest, today(now), actor, repr(replace(filters, states=())))
        kept = self._kept.get(key)
        if kept is not None and timedelta(0) <= now - kept[0] < LONGEST:
            self._kept.move_to_end(key)
            return kept[1]
        counted = await queue_counts(connection, actor, filters, now)
        self._kept[key] = (now, counted)
        while len(self._kept) > ENTRIES:
            self._kept.popitem(last=False)
        return counted
