"""What has happened to petitions since someone last looked. Every change records an event, so the
events' ids, which only grow, tell it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.counting import newest_event
from backend.petitions.tables import petition_event

MOST_EVENTS = 1_000
# PostgreSQL gives out ids before it commits: one a little lower may still appear.
OVERLAP = 200


async def changed_after(connection: AsyncConnection, event_id: int) -> Mapping[int, int]:
    """The petitions with events after `event_id`, and the last event of each; of the newest
    `MOST_EVENTS` events, for someone who was away."""
    query = (
        select(petition_event.c.id, petition_event.c.petition_id)
        .where(petition_event.c.id > event_id)
        .order_by(petition_event.c.id.desc())
        .limit(MOST_EVENTS)
    )
    rows = (await connection.execute(query)).all()
    return {row.petition_id: row.id for row in reversed(rows)}


class EventFollower:
    """Tells each event once, from the first call on."""

    def __init__(self) -> None:
        self._after: int | None = None
        self._told: set[int] = set()

    async def fresh(self, connection: AsyncConnection) -> Mapping[int, int]:
        """The petitions changed since the last call, and the last event of each. The first call
        only takes its place, and tells nothing."""
        first = self._after is None
        if self._after is None:
            self._after = max(await newest_event(connection) - OVERLAP, 0)
        query = (
            select(petition_event.c.id, petition_event.c.petition_id)
            .where(petition_event.c.id > self._after)
            .order_by(petition_event.c.id)
            .limit(MOST_EVENTS)
        )
        rows = (await connection.execute(query)).all()
        fresh = {row.petition_id: row.id for row in rows if row.id not in self._told}
        self._told = {row.id for row in rows}
        if rows:
            self._after = max(self._after, rows[-1].id - OVERLAP)
        return {} if first else fresh
