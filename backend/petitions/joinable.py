"""The petition a citizen about to file might join: open, of the same matter at the same place.

Nothing of who wrote it or of their words leaves here: only what the county calls the place and the
matter, and how many people there are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.columns import Id
from backend.database.engine import Database
from backend.organisation.tables import org
from backend.organisation.tree import root_path
from backend.petitions.joining import main_of
from backend.petitions.lifecycle import AWAITING_STATES, OPEN_STATES
from backend.petitions.matters import (
    MATTERS,
    WITHIN,
    candidates,
    compared,
    those,
    window,
    worth_reading,
)
from backend.petitions.ownership import own_citizen_ids
from backend.petitions.sameness import Matter
from backend.petitions.tables import petition, petition_matter, petition_subject
from backend.triage.sentence_vectors import SentenceReader, Vectors

SURE = 0.75
"""From this likelihood the citizen is asked: a wrong question costs more than one not asked."""
JOINED_KINDS = frozenset({"complaint", "request", "suggestion"})
"""What is asked for, reported or praised is each person's own."""


@dataclass(frozen=True, slots=True)
class AboutToFile:
    """What a citizen is about to file; `org_id`: the office of the account they write to."""

    citizen_id: int
    org_id: int
    text: str
    place: str
    place_code: str | None
    kind: str
    domain: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Joinable:
    """`people`: how many others are of the matter."""

    number: str
    place_code: str
    domain: str
    people: int


class JoinableFinder:
    """Looks for it; reads nothing where nobody else is at the place."""

    def __init__(self, database: Database, reader: SentenceReader) -> None:
        self._database = database
        self._reader = reader

    async def find(self, about: AboutToFile) -> Joinable | None:
        """The likeliest that may be joined; None where there is none for sure."""
        if about.place_code is None or about.kind not in JOINED_KINDS:
            return None
        whose = {"whose": about.citizen_id}
        async with self._database.read() as connection:
            matter = Matter(
                root_path(await connection.scalar(_PATH, {"which": about.org_id}) or "//"),
                about.text,
                about.place,
                about.place_code,
                about.domain,
                about.now,
            )
            found = await connection.execute(_CANDIDATES, {**window(matter, 0), **whose})
            read = [row for row in found if row.vector is not None]
            if not read:
                return None
        vector = (await asyncio.to_thread(self._reader.read, [about.text]))[0]
        async with self._database.read() as connection:
            row = await _likeliest(connection, matter, vector, read)
            return None if row is None else await _told(connection, row, about)


async def _likeliest(
    connection: AsyncConnection, matter: Matter, vector: Vectors, read: Sequence[Row[Any]]
) -> Row[Any] | None:
    rows = await those(connection, _SHOWN, worth_reading(read, vector))
    for near in compared(matter, vector, rows):
        if near.sameness.likelihood < SURE:
            return None
        if near.row.place_code == matter.place_code:
            return near.row
    return None


async def _told(connection: AsyncConnection, row: Row[Any], about: AboutToFile) -> Joinable | None:
    main = await main_of(connection, row)
    if main.state not in OPEN_STATES or main.confidential or main.place_code is None:
        return None
    people = await connection.scalar(
        _PEOPLE,
        {
            "main": main.id,
            "issue": row.issue_id,
            "whose": about.citizen_id,
            "since": about.now - WITHIN,
        },
    )
    return Joinable(main.number, main.place_code, main.domain, int(people)) if people else None


_PATH = select(org.c.path).where(org.c.id == bindparam("which"))
_WHOSE = own_citizen_ids(bindparam("whose", type_=Id))
_NOT_SPOKEN_OF = ~exists().where(
    petition_subject.c.petition_id == petition.c.id, petition_subject.c.lifted_at.is_(None)
)
_OF_OTHERS = and_(
    petition.c.state.in_(AWAITING_STATES),
    petition.c.kind.in_(JOINED_KINDS),
    ~petition.c.confidential,
    petition.c.citizen_id.not_in(_WHOSE),
    _NOT_SPOKEN_OF,
)
_CANDIDATES = candidates(_OF_OTHERS)
_SHOWN: Select[Any] = MATTERS.add_columns(petition.c.number, petition.c.state, petition.c.main_id)
_PEOPLE = (
    select(func.count(petition.c.citizen_id.distinct()))
    .outerjoin_from(petition, petition_matter, petition_matter.c.petition_id == petition.c.id)
    .where(
        or_(
            petition.c.id == bindparam("main"),
            petition.c.main_id == bindparam("main"),
            petition_matter.c.issue_id == bindparam("issue", type_=Id),
        ),
        petition.c.received_at > bindparam("since"),
        ~petition.c.confidential,
        petition.c.citizen_id.not_in(_WHOSE),
    )
)
