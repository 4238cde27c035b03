"""Which notices a citizen has allowed: each lets us send one (WeChat's subscribe notices)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address, notice_permission
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


async def unspent(
    connection: AsyncConnection, account_id: int, external_id: str, template_id: str
) -> int:
    """How many notices of the template may be sent to an address."""
    counted = await connection.scalar(
        select(func.count())
        .select_from(notice_permission)
        .join(address, address.c.id == _c.address_id)
        .where(address.c.account_id == account_id, address.c.external_id == external_id)
        .where(address.c.ended_at.is_(None), _c.template_id == template_id)
        .where(_c.allowed, _c.ended_at.is_(None))
    )
    return int(counted or 0)


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
