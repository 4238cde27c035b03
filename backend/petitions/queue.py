"""The queue of petitions an official works from: filters, keyset pages, counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Date

from backend.organisation.sessions import Actor
from backend.organisation.tables import org
from backend.petitions.lifecycle import OPEN_STATES, State
from backend.petitions.masking import mask_numbers
from backend.petitions.rules import today
from backend.petitions.search import says
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity, visible_to, ways_to_see

LARGEST_PAGE = 200
MOST_COUNTED = 1_000
"""Of a state in which nothing is owed any more no more are counted: what is over grows for ever,
and nobody plans a day by how many thousands it is."""
STATEMENTS = 512
"""Statements kept: building one takes longer than finding one page."""
_NEVER = date(9999, 12, 31)
_OPEN = tuple(sorted(state.value for state in OPEN_STATES))
_SETTLED = tuple(state.value for state in State if state not in OPEN_STATES)


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty means all. `org_id`: belongs to, or is led by, this office or one below it.
    `due_from`, `due_until`: still owed, with a deadline between these days, both included. `text`:
    what to search for (search.py)."""

    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    sentiments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    place_codes: tuple[str, ...] = ()
    org_id: int | None = None
    overdue: bool = False
    due_from: date | None = None
    due_until: date | None = None
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
    sentiment: str | None
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
    """How many by state under the filters (the state filter itself left out), and overdue. Exact
    where something is owed; of any other state MOST_COUNTED + 1 stands for all that is more."""

    by_state: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0

    @property
    def total(self) -> int:
        return sum(self.by_state.values())

    def with_settled(self, settled: QueueCounts) -> QueueCounts:
        """Both parts together."""
        return QueueCounts({**self.by_state, **settled.by_state}, self.overdue)

    def more_than_counted(self, states: Iterable[str]) -> bool:
        """Whether one of `states` holds more than were counted."""
        counted = (self.by_state.get(state, 0) for state in states if state in _SETTLED)
        return any(number > MOST_COUNTED for number in counted)


_HOME, _LEAD = org.alias("home_org"), org.alias("lead_org")
_LINES = (
    select(
        *(
            petition.c[name]
            for name in (
                "id", "number", "title", "state", "kind", "domain", "urgency", "sentiment", "place",
                "channel", "confidential", "received_at", "due_on", "reminders", "reopened",
                "rating", "version",
            )
        ),
        _HOME.c.name.label("org_name"),
        _LEAD.c.name.label("lead_name"),
    )
    .join(_HOME, _HOME.c.id == petition.c.org_id)
    .outerjoin(_LEAD, _LEAD.c.id == petition.c.lead_org_id)
)  # fmt: skip


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
    query = _page(connection.dialect.name, actor, filters, today(now), order, after, limit)
    rows = (await connection.execute(query)).all()
    items = [_item(row, actor, now) for row in rows[:limit]]
    more = len(rows) > limit
    return QueuePage(items, _cursor(items[-1], order) if more else None)


async def among_queue(
    connection: AsyncConnection,
    actor: Actor,
    filters: Filters,
    now: datetime,
    petition_ids: Collection[int],
) -> frozenset[int]:
    """Those of `petition_ids` that stand in the official's queue under the filters."""
    if not petition_ids:
        return frozenset()
    clause = and_(visible_to(actor), _wanted(connection.dialect.name, actor, filters, now))
    query = select(petition.c.id).where(petition.c.id.in_(petition_ids), clause)
    return frozenset((await connection.execute(query)).scalars())


async def queue_counts(
    connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
) -> QueueCounts:
    """For the tabs above the queue."""
    owed = await owed_counts(connection, actor, filters, now)
    return owed.with_settled(await settled_counts(connection, actor, filters, now))


async def owed_counts(
    connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
) -> QueueCounts:
    """The part of `queue_counts` that is still owed."""
    query = _owed(connection.dialect.name, actor, replace(filters, states=_OPEN), today(now))
    rows = (await connection.execute(query)).all()
    return QueueCounts(
        {row.state: int(row.number) for row in rows}, sum(int(row.overdue) for row in rows)
    )


async def settled_counts(
    connection: AsyncConnection, actor: Actor, filters: Filters, now: datetime
) -> QueueCounts:
    """The other part, counted up to MOST_COUNTED + 1 for each state."""
    query = _settled(connection.dialect.name, actor, replace(filters, states=()), today(now))
    rows = (await connection.execute(query)).all()
    return QueueCounts(
        {row.state: min(int(row.number), MOST_COUNTED + 1) for row in rows if row.number}
    )


@lru_cache(maxsize=STATEMENTS)
def _page(
    dialect: str,
    actor: Actor,
    filters: Filters,
    day: date,
    order: str,
    after: str | None,
    limit: int,
) -> Select[Any]:
    clause = and_(visible_to(actor), _wanted(dialect, actor, filters, day))
    # Which they are is found in an index; only the lines of one page are read whole.
    page = _ORDERS[order](select(petition.c.id).where(clause), after).limit(limit + 1)
    return _ORDERS[order](_LINES.where(petition.c.id.in_(page.subquery().select())), None)


@lru_cache(maxsize=STATEMENTS)
def _owed(dialect: str, actor: Actor, filters: Filters, day: date) -> Select[str, int]:
    overdue = func.sum(case((petition.c.due_on < day, 1), else_=0))
    return (
        select(petition.c.state, func.count().label("number"), overdue.label("overdue"))
        .where(visible_to(actor), _wanted(dialect, actor, filters, day))
        .group_by(petition.c.state)
    )


@lru_cache(maxsize=STATEMENTS)
def _settled(dialect: str, actor: Actor, filters: Filters, day: date) -> CompoundSelect[Any]:
    return union_all(*(_some(dialect, actor, filters, day, state) for state in _SETTLED))


def _some(dialect: str, actor: Actor, filters: Filters, day: date, state: str) -> Select[str, int]:
    wanted = _wanted(dialect, actor, replace(filters, states=(state,)), day)
    # Each way stops by itself: a small office's own are found without going through everyone's.
    # Words to be found lead to few petitions already.
    ways = (visible_to(actor),) if filters.text else ways_to_see(actor)
    found = union(*(_first(way, wanted) for way in ways)).subquery()
    return select(literal(state).label("state"), func.count().label("number")).select_from(found)


def _first(way: ColumnElement[bool], wanted: ColumnElement[bool]) -> Select[Any]:
    found = select(petition.c.id).where(way, wanted).limit(MOST_COUNTED + 1).subquery()
    return select(found.c.id)


def _wanted(dialect: str, actor: Actor, filters: Filters, day: date) -> ColumnElement[bool]:
    clauses: list[ColumnElement[bool]] = [
        column.in_(values)
        for column, values in (
            (petition.c.state, filters.states),
            (petition.c.kind, filters.kinds),
            (petition.c.domain, filters.domains),
            (petition.c.urgency, filters.urgencies),
            (petition.c.sentiment, filters.sentiments),
            (petition.c.channel, filters.channels),
            (petition.c.place_code, filters.place_codes),
        )
        if values
    ]
    if filters.org_id is not None:
        clauses.append(_of_office(filters.org_id))
    if filters.overdue:
        clauses.append(_overdue(day))
    if filters.due_from is not None:
        clauses += [petition.c.due_on >= filters.due_from, petition.c.state.in_(_OPEN)]
    if filters.due_until is not None:
        clauses += [petition.c.due_on <= filters.due_until, petition.c.state.in_(_OPEN)]
    text = filters.text.replace("\x00", "").strip()
    if text:
        clauses.append(says(dialect, actor, text, filters.states))
    return and_(true(), *clauses)


def _of_office(org_id: int) -> ColumnElement[bool]:
    root = org.alias("root")
    ids = select(org.c.id).join(root, org.c.path.startswith(root.c.path)).where(root.c.id == org_id)
    return or_(petition.c.org_id.in_(ids), petition.c.lead_org_id.in_(ids))


def _overdue(day: date) -> ColumnElement[bool]:
    return and_(petition.c.due_on < day, petition.c.state.in_(_OPEN))


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


def _item(row: Any, actor: Actor, now: datetime) -> QueueItem:
    overdue = row.due_on is not None and row.due_on < today(now) and row.state in _OPEN
    return QueueItem(
        row.id,
        row.number,
        row.title if sees_identity(actor, row) else mask_numbers(row.title),
        row.state,
        row.kind,
        row.domain,
        row.urgency,
        row.sentiment,
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
