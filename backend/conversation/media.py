"""Photos, voices and videos are downloaded at once: a provider keeps them for days only."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.background import Loops
from backend.conversation.media_files import MediaRefused, store_file
from backend.conversation.photo_text import note_waiting
from backend.conversation.tables import media, message
from backend.database.engine import Database
from backend.ports import Channel, Clock, MediaContent, MediaRef, MediaUnavailable, MessageKind

log = structlog.get_logger(__name__)

# WeChat, which is the strictest, keeps what was sent for three days.
KEPT_BY_PROVIDER = timedelta(days=3)
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 3600.0
FETCH_SECONDS = 60.0
POLL_SECONDS = 1.0
BATCH = 8
TOO_LATE = "平台只保存三天，一直没能取回"


class MediaFetcher:
    """Downloads what waits; a provider keeps it for days only."""

    def __init__(
        self, database: Database, clock: Clock, channels: Mapping[str, Channel], folder: Path
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._folder = folder
        self._by_id: dict[int, Channel] = {}
        self._wanted = asyncio.Event()
        # One at a time: an open photo takes hundreds of megabytes.
        self._opening = asyncio.Lock()
        self._loops = Loops(clock)

    def wake(self, _citizen_id: int = 0) -> None:
        self._wanted.set()

    async def start(self, account_ids: Mapping[str, int]) -> None:
        self._by_id = {account_ids[name]: channel for name, channel in self._channels.items()}
        self._loops.start({"media": self._run})

    async def close(self) -> None:
        await self._loops.stop()

    async def _run(self) -> None:
        while True:
            try:
                fetched = await self.fetch_due()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("media.failed", error=type(error).__name__)
                fetched = 0
            if not fetched:
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wanted.wait()
                except TimeoutError:
                    continue
                self._wanted.clear()

    async def fetch_due(self) -> int:
        """Download what is due; returns how many were tried. Repeats are harmless: a file is
        named by its content."""
        now = self._clock.now()
        async with self._database.glance() as connection:
            rows = (
                await connection.execute(
                    select(media, message.c.received_at)
                    .join(message, message.c.id == media.c.message_id)
                    .where(media.c.state == "waiting", media.c.due_at <= now)
                    .where(media.c.account_id.in_(list(self._by_id)))
                    .order_by(media.c.due_at)
                    .limit(BATCH)
                )
            ).all()
        changes = await asyncio.gather(*(self._fetch(row) for row in rows))
        if changes:
            async with self._database.write() as connection:
                for row, values in zip(rows, changes, strict=True):
                    await connection.execute(
                        update(media)
                        .where(media.c.id == row.id, media.c.state == "waiting")
                        .values(**values)
                    )
                photos = [
                    row.id
                    for row, values in zip(rows, changes, strict=True)
                    if str(values.get("content_type", "")).startswith("image/")
                ]
                await note_waiting(connection, photos, now)
        return len(rows)

    async def _fetch(self, row: Any) -> dict[str, Any]:
        now = self._clock.now()
        ref = MediaRef(MessageKind(row.kind), row.provider_ref)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content: MediaContent = await self._by_id[row.account_id].fetch_media(ref)
            async with self._opening:
                stored = await asyncio.to_thread(
                    store_file, self._folder, content.data, content.claimed_type
                )
        except MediaRefused as error:
            return {"state": "refused", "error": str(error)}
        except MediaUnavailable as error:
            if error.permanent:
                return {"state": "gone", "error": str(error)[:255]}
            return _later(row, now, str(error))
        except Exception as error:  # noqa: BLE001 - one medium must not hold up the others
            log.warning("media.not_fetched", media=row.id, error=type(error).__name__)
            return _later(row, now, type(error).__name__)
        return {
            "state": "stored",
            "sha256": stored.sha256,
            "content_type": stored.content_type,
            "size": stored.size,
            "width": stored.width,
            "height": stored.height,
            "stored_at": now,
            "attempts": row.attempts + 1,
        }


def _later(row: Any, now: datetime, reason: str) -> dict[str, Any]:
    tried = row.attempts + 1
    if now - row.received_at >= KEPT_BY_PROVIDER:
        return {"state": "gone", "attempts": tried, "error": TOO_LATE}
    pause = timedelta(seconds=_pause(tried))
    return {"attempts": tried, "due_at": now + pause, "error": reason[:255]}


def _pause(tried: int) -> float:
    """Seconds before the next try: doubling up to an hour, with jitter of ± 30 %."""
    doubled: float = FIRST_PAUSE_SECONDS * 2.0 ** min(tried - 1, 16)
    return min(doubled, LONGEST_PAUSE_SECONDS) * random.uniform(0.7, 1.3)  # noqa: S311
