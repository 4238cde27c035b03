"""Petitions that may be about the same: near in place, matter and time, told in like words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition, petition_search
from backend.petitions.visibility import ACTORS, sees_identity, visible_to
from backend.triage.cleaning import clean

WITHIN = timedelta(days=90)
CANDIDATES = 100
"""How many of the newest of its matter, and of its place, are looked at."""
SHOWN = 5
# Words alone reach it where half of the shorter text's pairs of characters recur in the other,
# with place and domain a fifth of them.
LEAST = 0.5
SAME_PLACE, SAME_DOMAIN = 0.2, 0.1
# Single characters, titles and places are among the words that find a petition, and shared more
# often than pairs of the text.
LEAST_SHARED = LEAST - SAME_PLACE - SAME_DOMAIN


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
    one = (await connection.execute(_one(actor), {"id": petition_id})).first()
    if one is None:
        return []
    near = {
        "id": petition_id,
        "domain": one.domain,
        "place_code": one.place_code,
        "since": one.received_at - WITHIN,
        "until": one.received_at + WITHIN,
    }
    found_by = frozenset(one.words.split(" "))
    worth = [
        other.id
        for other in await connection.execute(_near(actor), near)
        if _may_reach(found_by, other.words)
    ]
    if not worth:
        return []
    others = await connection.execute(_those(actor), {"ids": worth})
    scored = [(likeness(one, other), other) for other in others]
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


def _may_reach(found_by: frozenset[str], words: str) -> bool:
    """Whether two petitions share so many of the words that find them that their texts are worth
    comparing, which takes a hundred times as long; hardly any do."""
    tokens = words.split(" ")
    return len(found_by.intersection(tokens)) >= LEAST_SHARED * min(len(found_by), len(tokens))


@lru_cache(maxsize=512)
def _pairs(text: str) -> frozenset[str]:
    letters = [each for each in clean(text).text if each.isalnum()]
    return frozenset(map("".join, pairwise(letters)))


def _visible(actor: Actor) -> Select[Any]:
    names = ("id", "number", "title", "text", "state", "domain", "place", "place_code",
             "received_at", "confidential")  # fmt: skip
    return (
        select(*(petition.c[name] for name in names), petition_search.c.words)
        .join(petition_search, petition_search.c.petition_id == petition.c.id)
        .where(visible_to(actor))
    )


@lru_cache(maxsize=ACTORS)
def _one(actor: Actor) -> Select[Any]:
    return _visible(actor).where(petition.c.id == bindparam("id"))


@lru_cache(maxsize=ACTORS)
def _near(actor: Actor) -> Select[Any]:
    """Only what tells whether a petition is worth reading: hardly any is."""
    ids = union(
        _newest(petition.c.domain == bindparam("domain")),
        _newest(petition.c.place_code == bindparam("place_code")),
    )
    return (
        select(petition.c.id, petition_search.c.words)
        .join(petition_search, petition_search.c.petition_id == petition.c.id)
        .where(visible_to(actor), petition.c.id.in_(ids), petition.c.id != bindparam("id"))
    )


@lru_cache(maxsize=ACTORS)
def _those(actor: Actor) -> Select[Any]:
    return _visible(actor).where(petition.c.id.in_(bindparam("ids", expanding=True)))


def _newest(near: ColumnElement[bool]) -> Select[Any]:
    received_at = petition.c.received_at
    found = (
        select(petition.c.id)
        .where(near, received_at > bindparam("since"), received_at < bindparam("until"))
        .order_by(received_at.desc())
        .limit(CANDIDATES)
    )
    return select(found.subquery().c.id)
