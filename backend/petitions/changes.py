"""The one place that writes a petition's row after it was filed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.petitions.search_index import INDEXED, index_petition
from backend.petitions.tables import dispatch, petition, petition_event, petition_matter

REGROUPED = frozenset({"place", "place_code", "domain", "confidential"})
"""Columns whose change may make it part of another hot issue; what humans put together stays."""

_REGROUP = (
    update(petition_matter)
    .where(
        petition_matter.c.petition_id == bindparam("which"),
        petition_matter.c.apart.is_(False),
    )
    .values(model=None, issue_id=None)
)


async def change_petition(
    connection: AsyncConnection, row: Row[Any], *, new_version: bool = True, **values: object
) -> int:
    """Write `values`; the version after it. `new_version` False for what no official needs to
    look at again before acting. The caller holds the row's lock."""
    version = int(row.version) + (1 if new_version else 0)
    await connection.execute(
        update(petition).where(petition.c.id == row.id).values(version=version, **values)
    )
    if INDEXED & set(values):
        await index_petition(connection, row.id)
    if REGROUPED & set(values) and row.main_id is None:
        await connection.execute(_REGROUP, {"which": row.id})
    return version


async def clock_start(connection: AsyncConnection, row: Row[Any]) -> datetime:
    """When the present deadline began: at the last reopening, else when it was received."""
    if not row.reopened:
        return row.received_at  # type: ignore[no-any-return]
    found = await connection.execute(
        select(petition_event.c.at)
        .where(petition_event.c.petition_id == row.id, petition_event.c.type == "reopened")
        .order_by(petition_event.c.id.desc())
        .limit(1)
    )
    return found.scalar_one()  # type: ignore[no-any-return]


async def end_dispatches(
    connection: AsyncConnection,
    petition_id: int,
    state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """End every open dispatch with `state` (returned, done, withdrawn)."""
    await connection.execute(
        update(dispatch)
        .where(dispatch.c.petition_id == petition_id, dispatch.c.state == "open")
        .values(state=state, ended_at=now, reason=reason)
    )


async def open_dispatch(
    connection: AsyncConnection,
    petition_id: int,
    org_id: int,
    role: str,
    now: datetime,
    *,
    by_user_id: int | None = None,
    reason: str = "",
) -> None:
    """Give the petition to an office; `role` is lead or assisting."""
    await connection.execute(
        dispatch.insert().values(
            petition_id=petition_id,
            org_id=org_id,
            role=role,
            state="open",
            by_user_id=by_user_id,
            at=now,
            reason=reason,
        )
    )
