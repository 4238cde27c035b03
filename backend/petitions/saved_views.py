"""Filters of the queue that an official has given a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.organisation.tables import user
from backend.petitions.outcomes import Invalid
from backend.petitions.tables import saved_view
from backend.triage.cleaning import storable

MOST_VIEWS = 20
LONGEST_NAME = 20
_OWN = (
    select(saved_view).where(saved_view.c.user_id == bindparam("user_id")).order_by(saved_view.c.id)
)


@dataclass(frozen=True, slots=True)
class SavedView:
    """`filters`: the query of the queue's address, name → value."""

    id: int
    name: str
    filters: Mapping[str, str]


async def views_of(connection: AsyncConnection, user_id: int) -> Sequence[SavedView]:
    """An official's views, oldest first."""
    rows = await connection.execute(_OWN, {"user_id": user_id})
    return [SavedView(row.id, row.name, row.filters) for row in rows]


async def save_view(
    connection: AsyncConnection,
    user_id: int,
    name: str,
    filters: Mapping[str, str],
    now: datetime,
) -> Invalid | None:
    """Keep the filters under a name; a view of that name is replaced."""
    name = storable(name.strip())
    problem = _check_name(name)
    if problem is not None:
        return problem
    # The official's own row is the lock: two tabs that save at once wait for each other.
    await connection.execute(select(user.c.id).where(user.c.id == user_id).with_for_update())
    replaced = await connection.execute(
        update(saved_view)
        .where(saved_view.c.user_id == user_id, saved_view.c.name == name)
        .values(filters=dict(filters))
    )
    if replaced.rowcount:
        return None
    count = select(func.count()).where(saved_view.c.user_id == user_id)
    if (await connection.execute(count)).scalar_one() >= MOST_VIEWS:
        return Invalid("view", "too_many")
    await connection.execute(
        saved_view.insert().values(
            user_id=user_id, name=name, filters=dict(filters), created_at=now
        )
    )
    return None


async def rename_view(
    connection: AsyncConnection, user_id: int, view_id: int, name: str
) -> Invalid | None:
    """Give the official's view another name; unknown for one that is not theirs."""
    name = storable(name.strip())
    problem = _check_name(name)
    if problem is not None:
        return problem
    await connection.execute(select(user.c.id).where(user.c.id == user_id).with_for_update())
    taken = select(saved_view.c.id).where(
        saved_view.c.user_id == user_id, saved_view.c.name == name, saved_view.c.id != view_id
    )
    if (await connection.execute(taken)).first() is not None:
        return Invalid("view", "name_taken")
    renamed = await connection.execute(
        update(saved_view)
        .where(saved_view.c.id == view_id, saved_view.c.user_id == user_id)
        .values(name=name)
    )
    return None if renamed.rowcount else Invalid("view", "unknown")


async def delete_view(connection: AsyncConnection, user_id: int, view_id: int) -> bool:
    """False if the official has no such view."""
    gone = await connection.execute(
        delete(saved_view).where(saved_view.c.id == view_id, saved_view.c.user_id == user_id)
    )
    return bool(gone.rowcount)


def _check_name(name: str) -> Invalid | None:
    if not name:
        return Invalid("view", "required")
    return Invalid("view", "too_long") if len(name) > LONGEST_NAME else None
