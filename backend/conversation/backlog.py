"""How much waits, and what went wrong lately: what an operator looks at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.outbox import OPEN, in_states
from backend.conversation.tables import PUSH_KIND, media, message, outbox
from backend.organisation.tables import account

LATELY = timedelta(hours=24)
MOST_TROUBLES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """`number` rows wait, the oldest since then (None where nothing waits)."""

    name: str
    number: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Messages to citizens that ended in `state` (failed, unknown, kept) for the same reason."""

    account: str
    state: str
    error: str
    number: int
    last: datetime


async def lines(connection: AsyncConnection, now: datetime) -> Sequence[Line]:
    """What citizens wrote that no turn has read, what is due to go out, photos to be fetched."""
    unread = select(func.count(), func.min(message.c.received_at)).where(
        message.c.handled_at.is_(None), message.c.kind != PUSH_KIND
    )
    due = select(func.count(), func.min(outbox.c.due_at)).where(
        in_states(OPEN), outbox.c.due_at <= now
    )
    photos = select(func.count(), func.min(media.c.due_at)).where(
        media.c.state == "waiting", media.c.due_at <= now
    )
    found = []
    for name, query in (("unread", unread), ("due", due), ("photos", photos)):
        number, oldest = (await connection.execute(query)).one()
        found.append(Line(name, int(number), oldest))
    return found


async def troubles(connection: AsyncConnection, now: datetime) -> Sequence[Trouble]:
    """Of the last day, the newest first. `error` holds providers' codes and our own words."""
    last = func.max(outbox.c.created_at)
    rows = await connection.execute(
        select(
            account.c.name,
            outbox.c.state,
            func.coalesce(outbox.c.error, "").label("error"),
            func.count().label("number"),
            last.label("last"),
        )
        .join(account, account.c.id == outbox.c.account_id)
        .where(
            outbox.c.state.in_(("failed", "unknown", "kept")),
            # Kept without a fault: a notice of it went out.
            or_(outbox.c.state != "kept", outbox.c.error.is_not(None)),
            outbox.c.created_at > now - LATELY,
        )
        .group_by(account.c.name, outbox.c.state, outbox.c.error)
        .order_by(last.desc())
        .limit(MOST_TROUBLES)
    )
    return [Trouble(*row) for row in rows]
