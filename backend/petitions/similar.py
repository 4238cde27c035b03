"""Petitions that may be about the same: near in place, matter and time, told in like words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.access import select_visible
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition
from backend.petitions.visibility import sees_identity
from backend.triage.cleaning import clean

WITHIN = timedelta(days=90)
CANDIDATES = 300
SHOWN = 5
# Words alone reach it where half of the shorter text's pairs of characters recur in the other,
# with place and domain a fifth of them.
LEAST = 0.5
SAME_PLACE, SAME_DOMAIN = 0.2, 0.1


@dataclass(frozen=True, slots=True)
class Similar:
    """`likeness` lies in LEAST … 1."""

    number: str
    title: str
    state: str
    place: str
    received_at: datetime
    likeness: float


async def similar_petitions(
    connection: AsyncConnection, actor: Actor, petition_id: int
) -> Sequence[Similar]:
    """At most SHOWN that the official sees, likest first; none for one they do not see."""
    found = await connection.execute(select_visible(actor).where(petition.c.id == petition_id))
    one = found.first()
    if one is None:
        return []
    rows = await connection.execute(
        select_visible(actor).where(petition.c.id.in_(_candidates(one)))
    )
    scored = [(likeness(one, other), other) for other in rows]
    likest = sorted(scored, key=lambda pair: (-pair[0], -pair[1].id))[:SHOWN]
    return [
        Similar(
            other.number,
            other.title if sees_identity(actor, other) else mask_numbers(other.title),
            other.state,
            other.place,
            other.received_at,
            score,
        )
        for score, other in likest
        if score >= LEAST
    ]


def _candidates(one: Row[Any]) -> Any:
    near = [petition.c.domain == one.domain, petition.c.place == one.place]
    if one.place_code:
        near.append(petition.c.place_code == one.place_code)
    return (
        select(petition.c.id)
        .where(
            petition.c.id != one.id,
            petition.c.received_at > one.received_at - WITHIN,
            petition.c.received_at < one.received_at + WITHIN,
            or_(*near),
        )
        .order_by(petition.c.id.desc())
        .limit(CANDIDATES)
    )


def likeness(one: Row[Any], other: Row[Any]) -> float:
    """0 … 1, the same both ways: shared pairs of characters as a share of the shorter text's,
    more for the same place or domain. What names the place is no sign of the same trouble there."""
    places = _pairs(one.place) | _pairs(other.place)
    pairs, others = _pairs(one.text) - places, _pairs(other.text) - places
    if not pairs & others:
        return 0.0
    same_place = one.place == other.place or (
        one.place_code is not None and one.place_code == other.place_code
    )
    share = len(pairs & others) / min(len(pairs), len(others))
    nearer = SAME_PLACE * bool(same_place) + SAME_DOMAIN * bool(one.domain == other.domain)
    return min(1.0, share + nearer)


def _pairs(text: str) -> frozenset[str]:
    letters = [each for each in clean(text).text if each.isalnum()]
    return frozenset(map("".join, pairwise(letters)))
