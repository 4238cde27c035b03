"""Reads what petitions mean and puts those of one matter together: the hot issues, kept as they
come in.

A petition is read once, in the background, seconds after it was filed, newest first, and anew when
its place or domain was corrected. What humans put together or apart is not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.engine import Database
from backend.petitions.matters import (
    MATTERS,
    Near,
    candidates,
    compared,
    matter_of,
    those,
    window,
    worth_reading,
)
from backend.petitions.sameness import SAME
from backend.petitions.tables import petition, petition_matter
from backend.ports import Clock
from backend.triage.sentence_vectors import MODEL, SentenceReader, Vectors, pack

log = structlog.get_logger(__name__)

AT_ONCE = 16
POLL_SECONDS = 2.0
MOST_ASKED = 4
"""How many of an issue's petitions near a new one are asked whether it belongs to them."""
AGREEING = 0.5
"""Which share of these must be of one matter with it: one odd petition joins no two issues."""

_COMPARABLE = petition.c.confidential.is_(False)
_UNREAD = (
    MATTERS.where(petition_matter.c.model.is_(None), petition_matter.c.petition_id.is_not(None))
    .order_by(petition_matter.c.petition_id.desc())
    .limit(AT_ONCE)
)
_CANDIDATES = candidates(_COMPARABLE)
_READ = (
    update(petition_matter)
    .where(petition_matter.c.petition_id == bindparam("which"))
    .values(model=MODEL, vector=bindparam("read"))
)
_PUT = (
    update(petition_matter)
    .where(
        petition_matter.c.petition_id.in_(bindparam("ids", expanding=True)),
        petition_matter.c.issue_id.is_(None),
        petition_matter.c.apart.is_(False),
    )
    .values(issue_id=bindparam("issue"))
)


class MatterFinder:
    """The loop; `start` and `close`."""

    def __init__(self, database: Database, clock: Clock, reader: SentenceReader) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader

    async def run(self) -> None:
        """For ever: what is unread, then a pause."""
        while True:
            try:
                while await self.read_some():
                    await self._clock.sleep(0)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("matters.failed", error=type(error).__name__)
            await self._clock.sleep(POLL_SECONDS)

    async def read_some(self) -> int:
        """Read up to AT_ONCE petitions and group them; how many there were."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_UNREAD)).all()
        if not rows:
            return 0
        vectors = await asyncio.to_thread(self._reader.read, [row.text for row in rows])
        # The eldest first: who comes later joins who was there.
        for row, vector in sorted(zip(rows, vectors, strict=True), key=lambda each: each[0].id):
            await self._group(row, vector)
        return len(rows)

    async def _group(self, row: Row[Any], vector: Vectors) -> None:
        """Outside a transaction but for the few writes: comparing holds up no other writer."""
        near: Sequence[Near] = ()
        if not row.confidential:
            async with self._database.read() as connection:
                near = await _near(connection, row, vector)
        async with self._database.write() as connection:
            await connection.execute(_READ, {"which": row.id, "read": pack(vector)})
            if (found := belonging(near)) is not None:
                members = {"ids": [row.id, *found.newcomers], "issue": found.issue_id}
                await connection.execute(_PUT, members)


@dataclass(frozen=True, slots=True)
class Belonging:
    """The issue a petition is part of, and those that stood alone and come into it with it."""

    issue_id: int
    newcomers: Sequence[int]


def belonging(near: Sequence[Near]) -> Belonging | None:
    """Where a petition belongs; None where it stands alone. `near`: likest first. Pure."""
    likely = [one for one in near if one.sameness.likelihood >= SAME and not one.row.apart]
    alone = [one.row.id for one in likely if one.row.issue_id is None]
    for issue_id in dict.fromkeys(one.row.issue_id for one in likely if one.row.issue_id):
        asked = [one for one in near if one.row.issue_id == issue_id][:MOST_ASKED]
        agreeing = sum(one.sameness.likelihood >= SAME for one in asked)
        if agreeing >= AGREEING * len(asked):
            return Belonging(issue_id, alone)
    return Belonging(min(alone), alone) if alone else None


async def _near(connection: AsyncConnection, row: Row[Any], vector: Vectors) -> Sequence[Near]:
    matter = matter_of(row)
    found = (await connection.execute(_CANDIDATES, window(matter, row.id))).all()
    # What is unread has its own turn.
    read = [other for other in found if other.vector is not None]
    return compared(matter, vector, await those(connection, MATTERS, worth_reading(read, vector)))
