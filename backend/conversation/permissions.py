"""Which notices a citizen has allowed: each lets us send one (WeChat's subscribe notices)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import notice_permission
from backend.database.insert_once import InsertOnce
from backend.ports import NoticePermission
from backend.triage.cleaning import storable

_c = notice_permission.c
_KEEP = InsertOnce(notice_permission, ["account_id", "external_id"], _c.id)


async def record(
    connection: AsyncConnection,
    account_id: int,
    address_id: int,
    permission: NoticePermission,
    now: datetime,
) -> None:
    """Keep it, once; one that withdraws ends what was allowed before."""
    template = storable(permission.template_id)[:120]
    added = await connection.scalar(
        _KEEP(connection),
        {
            "account_id": account_id,
            "address_id": address_id,
            "template_id": template,
            "external_id": storable(permission.external_id)[:255],
            "allowed": permission.allowed,
            "at": now,
            "ended_at": None if permission.allowed else now,
        },
    )
    if added is not None and not permission.allowed:
        await connection.execute(
            update(notice_permission)
            .where(_c.address_id == address_id, _c.template_id == template)
            .where(_c.ended_at.is_(None), _c.id < added)
            .values(ended_at=now)
        )


async def unspent(connection: AsyncConnection, address_id: int) -> Mapping[str, int]:
    """How many notices may be sent, by template."""
    rows = await connection.execute(
        select(_c.template_id, func.count().label("number"))
        .where(_c.address_id == address_id, _c.allowed, _c.ended_at.is_(None))
        .group_by(_c.template_id)
    )
    return {row.template_id: row.number for row in rows}


async def spend(
    connection: AsyncConnection, address_id: int, template_id: str, outbox_id: int, now: datetime
) -> None:
    """One notice went out: the oldest permission is used up."""
    oldest = (
        select(func.min(_c.id))
        .where(_c.address_id == address_id, _c.template_id == template_id)
        .where(_c.allowed, _c.ended_at.is_(None))
        .scalar_subquery()
    )
    await connection.execute(
        update(notice_permission).where(_c.id == oldest).values(ended_at=now, spent_on=outbox_id)
    )
