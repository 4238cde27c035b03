"""Messages of which a notice went out: kept for the next contact, or read on the citizen's page
(read_on_page.py).

A notice that failed sends its message on to the next way.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import permissions
from backend.conversation.outbox import Claimed
from backend.conversation.tables import notice, outbox
from backend.database.insert_once import InsertOnce
from backend.ports import Noticed, ReceiptState

_KEEP = InsertOnce(notice, ["outbox_id", "by"])
_REPORTED = (
    update(notice)
    .where(
        notice.c.account_id == bindparam("of"),
        notice.c.provider_id == bindparam("called"),
        notice.c.state == "sent",
    )
    .values(state=bindparam("now_state"), final_at=bindparam("now"), error=bindparam("why"))
    .returning(notice.c.outbox_id)
)


async def record(
    connection: AsyncConnection, row: Claimed, result: Noticed, provider_id: str, now: datetime
) -> None:
    """Keep that a notice of the row left, and what permission it took."""
    await connection.execute(
        _KEEP(connection),
        {
            "outbox_id": row.id,
            "account_id": row.account_id,
            "by": result.by,
            "provider_id": provider_id or None,
            "state": "sent",
            "at": now,
        },
    )
    if result.spent:
        await permissions.spend(connection, row.address_id, result.spent, row.id, now)


async def reported(
    connection: AsyncConnection,
    account_id: int,
    provider_id: str,
    state: ReceiptState,
    detail: str,
    now: datetime,
) -> None:
    """What the provider says of a notice; the first final word holds."""
    if state is ReceiptState.BUFFERED:
        return
    failed = state is ReceiptState.FAILED
    moved = await connection.execute(
        _REPORTED,
        {
            "of": account_id,
            "called": provider_id,
            "now_state": state.value,
            "now": now,
            "why": detail if failed else None,
        },
    )
    rows = [each.outbox_id for each in moved]
    if failed and rows:
        await connection.execute(
            update(outbox)
            .where(outbox.c.id.in_(rows), outbox.c.state == "kept")
            .values(state="queued", route=None, attempts=0, due_at=now)
        )
