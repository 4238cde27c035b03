"""Petitions as they are compared: which may be about one matter, found by index, and their vectors.

One shape for all who ask: the petition's page, the citizen about to file, and the hot issues.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import org
from backend.organisation.tree import root_path
from backend.petitions.sameness import CLOSE, Matter, Sameness, compare
from backend.petitions.tables import petition, petition_matter
from backend.triage.sentence_vectors import MODEL, Vectors, unpack

WITHIN = timedelta(days=90)
"""Before and after: what lies further apart is another time's trouble."""
CANDIDATES = 300
"""How many of the newest of its matter, and of its place, are looked at."""
NEAREST = 24
"""How many of these, the closest by meaning, are read whole."""
BY_WORDS = 40
"""How many without a vector are."""

# Another model's vectors are not to be compared with this one's.
_VECTOR = case((petition_matter.c.model == MODEL, petition_matter.c.vector)).label("vector")
MATTER_COLUMNS = (
    petition.c.id,
    petition.c.title,
    petition.c.text,
    petition.c.place,
    petition.c.place_code,
    petition.c.domain,
    petition.c.received_at,
    petition.c.confidential,
    org.c.path.label("home_path"),
    petition_matter.c.issue_id,
    petition_matter.c.apart,
    _VECTOR,
)
MATTERS: Select[Any] = (
    select(*MATTER_COLUMNS)
    .join_from(petition, org, org.c.id == petition.c.org_id)
    .outerjoin(petition_matter, petition_matter.c.petition_id == petition.c.id)
)
"""Rows for `matter_of`; narrow it as wanted."""


@dataclass(frozen=True, slots=True)
class Near:
    """A petition near another: its row (of a query like MATTERS), and how alike the two are."""

    row: Row[Any]
    sameness: Sameness


def matter_of(row: Row[Any]) -> Matter:
    """What of a petition is compared."""
    return Matter(
        root_path(row.home_path),
        row.text,
        row.place,
        row.place_code,
        row.domain,
        row.received_at,
    )


def vector_of(row: Row[Any]) -> Vectors | None:
    """One row of numbers, or None where the petition was not read (by this model) yet."""
    return None if row.vector is None else unpack([row.vector])[0]


def candidates(visible: ColumnElement[bool]) -> Select[Any]:
    """Ids and vectors of petitions that may be about one matter with another, by place, domain
    and time; to be executed with `window`."""
    near = union(
        _newest(petition.c.domain == bindparam("domain")),
        _newest(petition.c.place_code == bindparam("place_code")),
    )
    return (
        select(petition.c.id, _VECTOR)
        .outerjoin_from(petition, petition_matter, petition_matter.c.petition_id == petition.c.id)
        .where(visible, petition.c.id.in_(near), petition.c.id != bindparam("id"))
    )


def window(matter: Matter, petition_id: int) -> Mapping[str, Any]:
    """The parameters of `candidates`; `petition_id` 0 for what is no petition yet."""
    return {
        "id": petition_id,
        "domain": matter.domain,
        "place_code": matter.place_code,
        "since": matter.received_at - WITHIN,
        "until": matter.received_at + WITHIN,
    }


def worth_reading(found: Sequence[Row[Any]], vector: Vectors | None) -> Sequence[int]:
    """Ids of the NEAREST candidates by meaning; and, as what was filed a moment ago has no vector
    yet, of the newest of those that must be compared by words."""
    kept = [row for row in found if row.vector is not None] if vector is not None else []
    unread = (row.id for row in found if vector is None or row.vector is None)
    others = sorted(unread, reverse=True)[:BY_WORDS]
    if vector is None or not kept:
        return others
    closeness = unpack([row.vector for row in kept]) @ vector
    order = np.argsort(-closeness)[:NEAREST]
    return [*(kept[at].id for at in order if closeness[at] >= CLOSE), *others]


def compared(matter: Matter, vector: Vectors | None, rows: Iterable[Row[Any]]) -> Sequence[Near]:
    """Each of `rows` with how alike it is, likest first."""
    found = []
    for row in rows:
        other = vector_of(row)
        closeness = float(vector @ other) if vector is not None and other is not None else None
        found.append(Near(row, compare(matter, matter_of(row), closeness)))
    return sorted(found, key=lambda near: (-near.sameness.likelihood, -near.row.id))


def _newest(near: ColumnElement[bool]) -> Select[Any]:
    received_at = petition.c.received_at
    within = and_(received_at > bindparam("since"), received_at < bindparam("until"))
    found = select(petition.c.id).where(near, within).order_by(received_at.desc()).limit(CANDIDATES)
    return select(found.subquery().c.id)


async def those(
    connection: AsyncConnection, query: Select[Any], ids: Sequence[int]
) -> Sequence[Row[Any]]:
    """Rows of `query` (over petitions) with these ids."""
    if not ids:
        return []
    rows = await connection.execute(query.where(petition.c.id.in_(ids)))
    return list(rows)
