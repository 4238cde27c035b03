"""What restored rows must not do when the app starts on them: the world has gone on since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.outbox import OPEN, in_states
from backend.conversation.tables import outbox
from backend.organisation.tables import session
from backend.petitions.rules import today
from backend.petitions.tables import counter
from backend.surveys.after_restore import pause_running
from xiangyin.backup.archive import Manifest

# More than a county files in a day.
NUMBERS_SKIPPED = 1000


async def ready_to_resume(connection: AsyncConnection, manifest: Manifest, now: datetime) -> int:
    """Nothing is said twice, no number is given twice, no ended session comes back, no survey goes
    on by itself; how many surveys were stopped."""
    # Most likely they were sent after the backup; at the next contact they are offered again.
    await connection.execute(
        update(outbox).where(in_states(OPEN)).values(state="unknown", error="restored from backup")
    )
    await connection.execute(
        update(session).where(session.c.ended_at.is_(None)).values(ended_at=now)
    )
    await _skip_numbers(connection, manifest, now)
    return await pause_running(connection, datetime.fromisoformat(manifest.made_at), now)


async def _skip_numbers(connection: AsyncConnection, manifest: Manifest, now: datetime) -> None:
    """Numbers given between the backup and the loss are in citizens' hands."""
    day = today(now)
    if today(datetime.fromisoformat(manifest.made_at)) != day:
        return
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(
        insert(counter)
        .values(name=f"petition:{day:%Y%m%d}", value=NUMBERS_SKIPPED)
        .on_conflict_do_update(
            index_elements=[counter.c.name], set_={"value": counter.c.value + NUMBERS_SKIPPED}
        )
    )
