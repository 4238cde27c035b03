"""What an open page of the queue, and of one petition, is told of a change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console.live_feed import Message
from backend.organisation.sessions import Actor
from backend.petitions.queue import Filters, among_queue
from backend.petitions.tables import petition
from backend.petitions.visibility import visible_to
from backend.ports import Clock


class QueueWatch:
    """A list under filters. `filters` gives them for a moment (what is due soon moves on);
    `shown`: the petitions now on the page, whose leaving is a change too."""

    def __init__(
        self, filters: Callable[[datetime], Filters], shown: Collection[int], clock: Clock
    ) -> None:
        self._filters = filters
        self._shown = frozenset(shown)
        self._clock = clock
        self._changed: set[int] = set()

    async def look(
        self, connection: AsyncConnection, actor: Actor, changed: Mapping[int, int]
    ) -> Message | None:
        """'queue' {changed: how many since the page was read}, each time it grows."""
        now = self._clock.now()
        before = len(self._changed)
        self._changed |= self._shown & changed.keys()
        unknown = changed.keys() - self._changed
        self._changed |= await among_queue(connection, actor, self._filters(now), now, unknown)
        number = len(self._changed)
        return Message("queue", {"changed": number}) if number > before else None


class PetitionWatch:
    """The page of one petition."""

    def __init__(self, petition_id: int) -> None:
        self._petition_id = petition_id

    async def look(
        self, connection: AsyncConnection, actor: Actor, changed: Mapping[int, int]
    ) -> Message | None:
        """'petition' {event: its last one}, or 'gone' once the official may not see it."""
        event = changed.get(self._petition_id)
        if event is None:
            return None
        query = select(petition.c.id).where(petition.c.id == self._petition_id, visible_to(actor))
        if (await connection.execute(query)).first() is None:
            return Message("gone")
        return Message("petition", {"event": event})
