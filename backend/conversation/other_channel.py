"""A message about a petition that finds no way goes, whole, by the citizen's other channel: from
WeChat to a phone they have linked, and a text message that failed to the WeChat account they use.

The row itself moves to the other address, so that it can be told once only; where that fails too,
it moves back and is kept for the next contact.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.outbox import Claimed
from backend.conversation.tables import address, outbox
from backend.organisation.tables import account
from backend.ports import Rejected, Unreachable

SMS = "sms"

_from = address.alias("from_address")
_from_account = account.alias("from_account")


def _others(of: Any) -> Select[Any]:
    """The citizen's addresses by another channel than that of the address `of`, the newest first;
    one of the two is a phone. Nothing can be sent to who no longer follows the account."""
    return (
        select(address.c.id, address.c.account_id)
        .join(account, account.c.id == address.c.account_id)
        .join(_from, _from.c.citizen_id == address.c.citizen_id)
        .join(_from_account, _from_account.c.id == _from.c.account_id)
        .where(
            _from.c.id == of,
            address.c.ended_at.is_(None),
            address.c.left_at.is_(None),
            account.c.channel != _from_account.c.channel,
            or_(account.c.channel == SMS, _from_account.c.channel == SMS),
        )
        .order_by(address.c.id.desc())
        .limit(1)
    )


def _moved(address_id: Any, account_id: Any) -> dict[str, Any]:
    """The values that send a row to that address; what the provider called it means nothing
    there."""
    return {
        "state": "queued",
        "route": None,
        "attempts": 0,
        "provider_id": None,
        "address_id": address_id,
        "account_id": account_id,
        "moved_from": outbox.c.address_id,
    }


_OTHER = _others(bindparam("of"))
_OTHER_OF_TEXT = _OTHER.where(_from_account.c.channel == SMS)
_of_row = _others(outbox.c.address_id).where(_from_account.c.channel == SMS).correlate(outbox)
_to = _of_row.with_only_columns(address.c.id).scalar_subquery()

# The values that put a row back to the address it was for.
BACK: dict[str, Any] = {
    "state": "kept",
    "route": None,
    "address_id": outbox.c.moved_from,
    "account_id": (
        select(_from.c.account_id).where(_from.c.id == outbox.c.moved_from).scalar_subquery()
    ),
    "moved_from": None,
    "final_at": None,
}
# Which rows go elsewhere when a report says that their text message failed, and the values that
# send them there.
MAY_GO: tuple[ColumnElement[bool], ...] = (
    outbox.c.moved_from.is_(None),
    outbox.c.petition_id.is_not(None),
    outbox.c.state != "kept",
    _to.is_not(None),
)
GO = _moved(_to, _of_row.with_only_columns(address.c.account_id).scalar_subquery())


async def elsewhere(
    connection: AsyncConnection, row: Claimed, result: Unreachable | Rejected, now: datetime
) -> dict[str, Any]:
    """The values that send a row which this result met another way; {} where there is none. What
    WeChat refuses for its content is not sent as a text message instead."""
    if row.moved_from is not None:
        return BACK
    if row.about is None:
        return {}
    others = _OTHER_OF_TEXT if isinstance(result, Rejected) else _OTHER
    other = (await connection.execute(others, {"of": row.address_id})).first()
    if other is None:
        return {}
    return {**_moved(other.id, other.account_id), "due_at": now}
