"""The queue of petitions an official works from: filters, keyset pages, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Date

from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.petitions.access import select_visible
from backend.petitions.lifecycle import OPEN_STATES
from backend.petitions.number import parse_number
from backend.petitions.rules import today
from backend.petitions.tables import petition
from backend.petitions.visibility import visible_to

LARGEST_PAGE = 200
_NEVER = date(9999, 12, 31)
_OPEN = [state.value for state in OPEN_STATES]


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty means all. `org_id`: belongs to, or is led by, this office or one below it. `text`:
    a number, or words of the title, the text or the place."""

    states: Sequence[str] = ()
    kinds: Sequence[str] = ()
    domains: Sequence[str] = ()
    urgencies: Sequence[str] = ()
    org_id: int | None = None
    overdue: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One line of the queue."""

    id: int
    number: str
    title: str
    state: str
    kind: str
    domain: str
    urgency: str
    place: str
    org_name: str
    lead_name: str | None
    channel: str
    confidential: bool
    received_at: datetime
    due_on: date | None
    overdue: bool
    reminders: int
    reopened: int
    rating: int | None
    version: int


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`next_cursor` is opaque: pass it as `after` for the next page; None at the end."""

    items: Sequence[QueueItem]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many by state under the filters (the state filter itself left out), and overdue."""

    by_state: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


class BadCursor(ValueError):
    """`after` is no cursor of this queue and order."""


async def queue_page(
    connection: AsyncConnection,
    actor: Actor,
    filters: Filters,
    now: datetime,
    *,
    order: str = "newest",
    after: str | None = None,
    limit: int = 50,
) -> QueuePage:
    """One page, `order` 'newest' or 'due' (nearest deadline first). Pages hold still while new
    petitions come in. Raises BadCursor, ValueError for another order."""
    if order not in _ORDERS:
        raise ValueError(f"order {order!r}")
    limit = min(max(limit, 1), LARGEST_PAGE)
    query = _filtered(select_visible(actor), filters, now)
    query = _ORDERS[order](query, after).limit(limit + 1)
    rows = (await connection.execute(query)).all()
    items = [_item(row, now) for row in rows[:limit]]
    more = len(rows) > limit
    return QueuePage(items, _cursor(items[-1], order) if more else None)


async def queue_counts(
    connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
) -> QueueCounts:
    """For the tabs above the queue."""
    overdue = func.sum(case((_overdue(now), 1), else_=0))
    query = _filtered(
        select(petition.c.state, func.count().label("number"), overdue.label("overdue"))
        .where(visible_to(actor))
        .group_by(petition.c.state),
        filters,
        now,
        states=False,
    )
    rows = (await connection.execute(query)).all()
    return QueueCounts(
        {row.state: int(row.number) for row in rows}, sum(int(row.overdue or 0) for row in rows)
    )


def _filtered(
    query: Select[Any], filters: Filters, now: datetime, *, states: bool = True
) -> Select[Any]:
    clauses: list[ColumnElement[bool]] = []
    if states and filters.states:
        clauses.append(petition.c.state.in_(list(filters.states)))
    if filters.kinds:
        clauses.append(petition.c.kind.in_(list(filters.kinds)))
    if filters.domains:
        clauses.append(petition.c.domain.in_(list(filters.domains)))
    if filters.urgencies:
        clauses.append(petition.c.urgency.in_(list(filters.urgencies)))
    if filters.org_id is not None:
        clauses.append(_of_office(filters.org_id))
    if filters.overdue:
        clauses.append(_overdue(now))
    if filters.text.strip():
        clauses.append(_says(filters.text.strip().replace("\x00", "")))
    return query.where(and_(*clauses)) if clauses else query


def _of_office(org_id: int) -> ColumnElement[bool]:
    root = org.alias("root")
    ids = select(org.c.id).join(root, org.c.path.startswith(root.c.path)).where(root.c.id == org_id)
    return or_(petition.c.org_id.in_(ids), petition.c.lead_org_id.in_(ids))


def _overdue(now: datetime) -> ColumnElement[bool]:
    return and_(petition.c.due_on < today(now), petition.c.state.in_(_OPEN))


def _says(text: str) -> ColumnElement[bool]:
    number = parse_number(text)
    if number is not None:
        return petition.c.number == number
    return or_(
        petition.c.number.startswith(text, autoescape=True),
        petition.c.title.icontains(text, autoescape=True),
        petition.c.text.icontains(text, autoescape=True),
        petition.c.place.icontains(text, autoescape=True),
    )


def _newest(query: Select[Any], after: str | None) -> Select[Any]:
    if after is not None:
        query = query.where(petition.c.id < _number(after))
    return query.order_by(petition.c.id.desc())


def _due(query: Select[Any], after: str | None) -> Select[Any]:
    never = literal(_NEVER, Date)
    due = func.coalesce(petition.c.due_on, never)
    if after is not None:
        day, _, last = after.partition("_")
        try:
            position = date.fromisoformat(day)
        except ValueError as error:
            raise BadCursor(after) from error
        query = query.where(
            tuple_(due, petition.c.id) > tuple_(literal(position, Date), literal(_number(last)))
        )
    return query.order_by(due, petition.c.id)


_ORDERS = {"newest": _newest, "due": _due}


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise BadCursor(cursor)
    return int(cursor)


def _cursor(last: QueueItem, order: str) -> str:
    if order == "newest":
        return str(last.id)
    return f"{(last.due_on or _NEVER).isoformat()}_{last.id}"


def _item(row: Any, now: datetime) -> QueueItem:
    overdue = row.due_on is not None and row.due_on < today(now) and row.state in _OPEN
    return QueueItem(
        row.id,
        row.number,
        row.title,
        row.state,
        row.kind,
        row.domain,
        row.urgency,
        row.place,
        row.org_name,
        row.lead_name,
        row.channel,
        row.confidential,
        row.received_at,
        row.due_on,
        overdue,
        row.reminders,
        row.reopened,
        row.rating,
        row.version,
    )
