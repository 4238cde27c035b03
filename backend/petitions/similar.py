"""Petitions an official may find to be about the same as one they look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.lifecycle import AWAITING_STATES
from backend.petitions.masking import mask_numbers
from backend.petitions.matters import (
    MATTERS,
    Near,
    candidates,
    compared,
    matter_of,
    those,
    vector_of,
    window,
    worth_reading,
)
from backend.petitions.sameness import PERHAPS
from backend.petitions.tables import petition
from backend.petitions.visibility import ACTORS, sees_identity, visible_to

SHOWN = 5
MERGEABLE = AWAITING_STATES
"""What is joined already stands for its main one."""


@dataclass(frozen=True, slots=True)
class Similar:
    """`likelihood` lies in PERHAPS … 1, `reasons` are those of sameness.Sameness, `days` lie
    between the two. `mergeable`: its state and nature allow it to be handled together."""

    number: str
    title: str
    state: str
    place: str
    received_at: datetime
    likelihood: float
    reasons: Sequence[str]
    days: int
    mergeable: bool


async def similar_petitions(
    connection: AsyncConnection, actor: Actor, petition_id: int
) -> Sequence[Similar]:
    """At most SHOWN that the official sees, likest first; none for one they do not see, and none
    that already is joined with it."""
    one = (await connection.execute(_shown(actor).where(petition.c.id == petition_id))).first()
    if one is None:
        return []
    matter, vector = matter_of(one), vector_of(one)
    found = (await connection.execute(_candidates(actor), window(matter, petition_id))).all()
    rows = await those(connection, _shown(actor), worth_reading(found, vector))
    likely = [
        near
        for near in compared(matter, vector, rows)
        if near.sameness.likelihood >= PERHAPS and not _joined_with(near.row, one)
    ]
    return [_similar(actor, near) for near in likely[:SHOWN]]


def _joined_with(row: Row[Any], one: Row[Any]) -> bool:
    """Whether the two are joined already, or follow one main petition."""
    return bool((row.main_id or row.id) == (one.main_id or one.id))


def _similar(actor: Actor, near: Near) -> Similar:
    row, sameness = near.row, near.sameness
    return Similar(
        row.number,
        row.title if sees_identity(actor, row) else mask_numbers(row.title),
        row.state,
        row.place,
        row.received_at,
        sameness.likelihood,
        sameness.reasons,
        sameness.days,
        row.state in MERGEABLE and not row.confidential,
    )


@lru_cache(maxsize=ACTORS)
def _shown(actor: Actor) -> Select[Any]:
    return MATTERS.add_columns(petition.c.number, petition.c.state, petition.c.main_id).where(
        visible_to(actor)
    )


@lru_cache(maxsize=ACTORS)
def _candidates(actor: Actor) -> Select[Any]:
    return candidates(visible_to(actor))
