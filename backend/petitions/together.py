"""What is handled together with a petition, as far as an official sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.sessions import Actor
from backend.petitions.masking import mask_numbers
from backend.petitions.tables import petition
from backend.petitions.visibility import ACTORS, sees_identity, visible_to


@dataclass(frozen=True, slots=True)
class Companion:
    """One petition of the same matter."""

    number: str
    title: str
    state: str
    place: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Together:
    """`main`: what the petition follows, or followed when it was answered; None also where this
    official does not see it (`follows` tells). `joined`: what follows it; `unseen` more do, in
    other branches. `citizens`: how many people all of these are from, the petition's own among
    them."""

    follows: bool
    main: Companion | None
    joined: Sequence[Companion]
    unseen: int
    citizens: int


async def together_with(connection: AsyncConnection, actor: Actor, petition_id: int) -> Together:
    """Of a petition the official sees."""
    main_id = await connection.scalar(_MAIN_ID, {"which": petition_id})
    main = None
    if main_id is not None:
        main = (await connection.execute(_one(actor), {"which": main_id})).first()
    seen = (await connection.execute(_joined(actor), {"which": petition_id})).all()
    number, citizens = (await connection.execute(_COUNTED, {"which": petition_id})).one()
    return Together(
        main_id is not None,
        _companion(actor, main) if main else None,
        [_companion(actor, row) for row in seen],
        number - 1 - len(seen),
        citizens,
    )


_MAIN_ID = select(petition.c.main_id).where(petition.c.id == bindparam("which"))
_COUNTED = select(func.count(), func.count(petition.c.citizen_id.distinct())).where(
    or_(petition.c.id == bindparam("which"), petition.c.main_id == bindparam("which"))
)


@lru_cache(maxsize=ACTORS)
def _one(actor: Actor) -> Select[Any]:
    return select(petition).where(visible_to(actor), petition.c.id == bindparam("which"))


@lru_cache(maxsize=ACTORS)
def _joined(actor: Actor) -> Select[Any]:
    return (
        select(petition)
        .where(visible_to(actor), petition.c.main_id == bindparam("which"))
        .order_by(petition.c.id)
    )


def _companion(actor: Actor, row: Row[Any]) -> Companion:
    title = row.title if sees_identity(actor, row) else mask_numbers(row.title)
    return Companion(row.number, title, row.state, row.place, row.received_at)
