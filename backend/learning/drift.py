"""How often people set the machine right: counts by week, and the petitions behind them.

Counted are petitions somebody has looked at: accepted, or set right. A reading counts as wrong if
what an official said last is not what the machine had said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.paging import page_before
from backend.organisation.sessions import Actor
from backend.organisation.tables import org, user
from backend.overview.period import Period
from backend.overview.shanghai_time import shanghai_seconds
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition, petition_correction, petition_reading
from backend.petitions.visibility import visible_to

FIELDS = ("domain", "kind", "urgency", "place", "sentiment")
PAGE = 50
_DAY_SECONDS = 86_400
# The first of January 1970 was a Thursday: with three days before it, weeks begin on Mondays.
_DAYS_BEFORE = 3
_FIRST_MONDAY = date(1969, 12, 29)


@dataclass(frozen=True, slots=True)
class DriftScope:
    """Petitions received in `period`, of all the official sees or of one office's branch."""

    period: Period
    org_path: str | None = None


@dataclass(frozen=True, slots=True)
class ReadCount:
    """`number` petitions received in the week that begins on `week`, of which the model `model`
    read `field` as `read`; `said`: what officials said instead, None where it stood. Of places
    neither word is given, both are ''."""

    week: date
    field: str
    model: str
    read: str
    said: str | None
    number: int


@dataclass(frozen=True, slots=True)
class DriftCut:
    """The part of the corrected readings that a number counts; None: whatever it is."""

    field: str
    week: date | None = None
    read: str | None = None
    said: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectedPetition:
    """One line. Numbers in the title are masked; `read` and `said` are '' for a place."""

    id: int
    number: str
    title: str
    read: str
    said: str
    confidence: float | None
    corrected_at: datetime
    corrector: str
    confidential: bool


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


async def count_readings(
    connection: AsyncConnection, actor: Actor, scope: DriftScope
) -> Sequence[ReadCount]:
    """All counts of the scope in one statement."""
    read, said = _words()
    columns = (
        _week().label("week"),
        petition_reading.c.field,
        petition_reading.c.model,
        read.label("read"),
        said.label("said"),
    )
    rows = await connection.execute(
        _readings(actor, scope, *columns, func.count().label("number")).group_by(
            *(column.name for column in columns)
        )
    )
    return [
        ReadCount(_monday(row.week), row.field, row.model, row.read, row.said, row.number)
        for row in rows
    ]


async def count_corrected(
    connection: AsyncConnection, actor: Actor, scope: DriftScope, cut: DriftCut
) -> int:
    """How many petitions lie in the cut."""
    found = await connection.execute(
        _within(_readings(actor, scope, func.count()), cut),
    )
    return int(found.scalar_one())


async def list_corrected(
    connection: AsyncConnection,
    actor: Actor,
    scope: DriftScope,
    cut: DriftCut,
    *,
    before: int | None = None,
) -> tuple[Sequence[CorrectedPetition], int | None]:
    """A page of `PAGE`, newest first, and the `before` of the next page, None at the end."""
    read, said = _words()
    query = _within(
        _readings(
            actor,
            scope,
            petition.c.id,
            petition.c.number,
            petition.c.title,
            petition.c.confidential,
            read.label("read"),
            said.label("said"),
            petition_reading.c.confidence,
            petition_reading.c.corrected_at,
            user.c.name.label("corrector"),
        ).outerjoin(user, user.c.id == petition_reading.c.corrected_by),
        cut,
    )
    rows, further = await page_before(connection, query, petition.c.id, before, PAGE)
    return [_corrected(row) for row in rows], further


def _readings(actor: Actor, scope: DriftScope, *columns: Any) -> Select[Any]:
    query = (
        select(*columns)
        .select_from(petition)
        .join(petition_reading, petition_reading.c.petition_id == petition.c.id)
        .where(
            petition.c.received_at >= scope.period.start,
            petition.c.received_at < scope.period.end,
            visible_to(actor),
            or_(petition.c.accepted_at.is_not(None), _set_right()),
        )
    )
    if scope.org_path is None:
        return query
    ids = select(org.c.id).where(org.c.path.startswith(scope.org_path, autoescape=True))
    return query.where(or_(petition.c.org_id.in_(ids), petition.c.lead_org_id.in_(ids)))


def _within(query: Select[Any], cut: DriftCut) -> Select[Any]:
    reading = petition_reading.c
    query = query.where(reading.field == cut.field, _wrong())
    if cut.week is not None:
        query = query.where(_week() == (cut.week - _FIRST_MONDAY).days // 7)
    if cut.read is not None:
        query = query.where(reading.value == cut.read)
    return query if cut.said is None else query.where(reading.corrected_to == cut.said)


def _set_right() -> ColumnElement[bool]:
    return exists().where(petition_correction.c.petition_id == petition.c.id)


def _wrong() -> ColumnElement[bool]:
    reading = petition_reading.c
    return and_(
        reading.corrected_to.is_not(None), reading.corrected_to.is_distinct_from(reading.value)
    )


def _words() -> tuple[ColumnElement[str], ColumnElement[str]]:
    """What was read and, where it was wrong, what was said. Places are not told: they may be
    somebody's door, and no two are alike."""
    reading = petition_reading.c
    place = reading.field == "place"
    read = case((place, ""), else_=func.coalesce(reading.value, ""))
    said = case((_wrong(), case((place, ""), else_=reading.corrected_to)), else_=None)
    return read, said


def _week() -> ColumnElement[int]:
    return (shanghai_seconds(petition.c.received_at) // _DAY_SECONDS + _DAYS_BEFORE) // 7


def _monday(week: int) -> date:
    return _FIRST_MONDAY + timedelta(weeks=week)


def _corrected(row: Row[Any]) -> CorrectedPetition:
    return CorrectedPetition(
        id=row.id,
        number=row.number,
        title=mask_numbers(row.title),
        read=row.read,
        said=row.said,
        confidence=row.confidence,
        corrected_at=row.corrected_at,
        corrector=row.corrector or "",
        confidential=row.confidential,
    )
