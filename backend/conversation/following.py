"""Who follows an account, and by which QR code they came: noted with the address as it arrives.

Also with the bot down, and before any turn: from here on nothing is sent to somebody who has left.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.tables import address
from backend.ports import Event
from backend.triage.cleaning import storable

LEAVES = "unsubscribe"
FOLLOWS = "subscribe"
SCANS = "scan"
LONGEST_SCENE = 64

_NOTE = update(address).where(address.c.id == bindparam("whose"))


def change(event: Event | None, left: bool, now: datetime) -> dict[str, Any]:
    """What an arrival changes of its address; `left`: it had left before. Whoever writes has
    come back, even where the event that said so was lost."""
    if event is not None and event.name == LEAVES:
        return {"left_at": now}
    changed: dict[str, Any] = {"left_at": None} if left else {}
    if event is not None and event.name in (FOLLOWS, SCANS) and event.key:
        changed |= {"scene": storable(event.key)[:LONGEST_SCENE], "scanned_at": now}
    return changed


async def note(connection: AsyncConnection, address_id: int, changed: dict[str, Any]) -> None:
    """Write what `change` found."""
    await connection.execute(_NOTE, {"whose": address_id, **changed})
