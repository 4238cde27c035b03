"""The counts behind the overview: one statement for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Integer, Select, String, Subquery, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.overview.facts import DIMENSIONS, NOW, Scope, facts
from backend.petitions.deadline import Calendar

MEDIAN, P90 = 50, 90


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one period. `by[dimension][value]`: petitions, values as texts (see `facts`); `waited`:
    percentile → seconds of working time to the first answer, empty where nothing was answered."""

    by: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reminders: int = 0
    waited: Mapping[int, int] = field(default_factory=dict)


async def count_petitions(
    connection: AsyncConnection, actor: Actor, scope: Scope, calendar: Calendar, now: datetime
) -> tuple[Counts, Counts]:
    """Counts of the period and of the one before, of what the official sees."""
    rows = facts(actor, scope, calendar, now)
    ranked = _ranked(rows)
    found = await connection.execute(
        union_all(
            *(_by(rows, dimension) for dimension in DIMENSIONS),
            *(_waited(ranked, percent) for percent in (MEDIAN, P90)),
        )
    )
    by: tuple[dict[str, dict[str, int]], ...] = tuple(
        {dimension: {} for dimension in DIMENSIONS} for _ in range(2)
    )
    waited: tuple[dict[int, int], ...] = ({}, {})
    reminders = [0, 0]
    for dimension, value, side, number, reminded in found:
        if dimension == "waited":
            waited[side][int(value)] = int(number)
            continue
        by[side][dimension][value] = int(number)
        if dimension == "reminded":
            reminders[side] += int(reminded)
    now_side, before = (Counts(by[side], reminders[side], waited[side]) for side in (NOW, 1 - NOW))
    return now_side, before


def _by(rows: CTE, dimension: str) -> Select[Any]:
    value = rows.c[dimension]
    return select(
        literal(dimension, String).label("dimension"),
        value.cast(String).label("value"),
        rows.c.side,
        func.count().label("number"),
        func.sum(rows.c.reminders).label("reminders"),
    ).group_by(value, rows.c.side)


def _ranked(rows: CTE) -> Subquery:
    """The answered ones of each period, quickest first, with their place and their number."""
    return (
        select(
            rows.c.side,
            rows.c.waited,
            func.row_number().over(partition_by=rows.c.side, order_by=rows.c.waited).label("rank"),
            func.count().over(partition_by=rows.c.side).label("number"),
        )
        .where(rows.c.waited.is_not(None))
        .subquery("ranked")
    )


def _waited(ranked: Subquery, percent: int) -> Select[Any]:
    """The nearest-rank percentile of each period."""
    return select(
        literal("waited", String),
        literal(str(percent), String),
        ranked.c.side,
        ranked.c.waited,
        literal(0, Integer),
    ).where(ranked.c.rank == (ranked.c.number * percent + 99) // 100)
