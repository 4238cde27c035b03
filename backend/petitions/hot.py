"""Hot issues: what several people brought up at one place, most first or rising fastest.

Issues are grouped as petitions come in (grouping.py), so a list is one grouped query over the
petitions of two periods. Only what the official sees is counted; nothing confidential is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.columns import UtcDateTime
from backend.organisation.sessions import Actor
from backend.petitions.access import select_visible
from backend.petitions.heat import STEADY, growth
from backend.petitions.lifecycle import AWAITING_STATES
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition, petition_matter
from backend.petitions.visibility import ACTORS, sees_identity, visible_to

LEAST_CITIZENS = 2
"""One person who writes again and again makes no hot issue."""
LISTED = 50
ORDERS = ("most", "rising")
MOST_OF_ISSUE = 200


@dataclass(frozen=True, slots=True)
class Span:
    """The period is `start` … `end`; what it is compared with is `before` … `start`."""

    before: datetime
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class HotIssue:
    """`petitions`, `citizens` in the period, `citizens_before` in the one before; `growth` see
    heat.py. `waiting`: petitions of the period not yet answered. `title`, `domain`, `place`,
    `place_code` are those of its first petition in the period."""

    id: int
    title: str
    domain: str
    place: str
    place_code: str | None
    petitions: int
    citizens: int
    citizens_before: int
    growth: float
    waiting: int
    first_at: datetime
    last_at: datetime


async def hot_issues(
    connection: AsyncConnection,
    actor: Actor,
    span: Span,
    *,
    place_codes: tuple[str, ...] = (),
    order: str = "most",
    limit: int = LISTED,
) -> Sequence[HotIssue]:
    """The hottest that the official sees; `place_codes` empty means everywhere. Raises ValueError
    for another order."""
    if order not in ORDERS:
        raise ValueError(f"order {order!r}")
    query = _grouped(actor, place_codes, order).limit(limit)
    rows = (await connection.execute(query, _moments(span))).all()
    first = select(petition).where(petition.c.id.in_([row.first_id for row in rows]))
    firsts = {row.id: row for row in await connection.execute(first)}
    return [_issue(actor, row, firsts[row.first_id]) for row in rows]


async def petitions_of_issue(
    connection: AsyncConnection, actor: Actor, issue_id: int
) -> Sequence[Row[Any]]:
    """The newest MOST_OF_ISSUE petitions of an issue that the official sees, as rows of
    `select_visible`; none where there is no such issue for them."""
    of_issue = select(petition_matter.c.petition_id).where(petition_matter.c.issue_id == issue_id)
    query = (
        select_visible(actor)
        .where(petition.c.id.in_(of_issue), ~petition.c.confidential)
        .order_by(petition.c.id.desc())
        .limit(MOST_OF_ISSUE)
    )
    return list(await connection.execute(query))


@lru_cache(maxsize=ACTORS)
def _grouped(actor: Actor, place_codes: tuple[str, ...], order: str) -> Select[Any]:
    received_at, citizen = petition.c.received_at, petition.c.citizen_id
    within = received_at >= bindparam("start", type_=UtcDateTime)
    citizens = func.count(case((within, citizen)).distinct())
    before = func.count(case((~within, citizen)).distinct())
    at_place = petition.c.place_code.in_(place_codes) if place_codes else true()
    grouped = (
        select(
            petition_matter.c.issue_id.label("id"),
            _number_of(within).label("petitions"),
            citizens.label("citizens"),
            before.label("before"),
            _number_of(and_(within, petition.c.state.in_(AWAITING_STATES))).label("waiting"),
            func.min(case((within, petition.c.id))).label("first_id"),
            func.min(received_at).label("first_at"),
            func.max(received_at).label("last_at"),
        )
        .join_from(petition, petition_matter, petition_matter.c.petition_id == petition.c.id)
        .where(
            received_at >= bindparam("before", type_=UtcDateTime),
            received_at < bindparam("end", type_=UtcDateTime),
            petition_matter.c.issue_id.is_not(None),
            ~petition.c.confidential,
            at_place,
            visible_to(actor),
        )
        .group_by(petition_matter.c.issue_id)
        .having(citizens >= LEAST_CITIZENS)
    )
    rising = (1.0 * citizens + STEADY) / (before + STEADY)
    first = (citizens, rising) if order == "most" else (rising, citizens)
    return grouped.order_by(*(one.desc() for one in first), petition_matter.c.issue_id.desc())


def _number_of(clause: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.sum(case((clause, 1), else_=0)), Integer)


def _moments(span: Span) -> Mapping[str, datetime]:
    return {"before": span.before, "start": span.start, "end": span.end}


def _issue(actor: Actor, row: Row[Any], first: Row[Any]) -> HotIssue:
    return HotIssue(
        row.id,
        first.title if sees_identity(actor, first) else mask_numbers(first.title),
        first.domain,
        first.place,
        first.place_code,
        row.petitions,
        row.citizens,
        row.before,
        growth(row.citizens, row.before),
        row.waiting,
        row.first_at,
        row.last_at,
    )
