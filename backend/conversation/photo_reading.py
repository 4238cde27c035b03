"""Reads what is written in photos, one after the other, beside all that answers citizens.

No turn waits for it. What was found is looked for with the petition's words and shown beside the
photo (timeline), never as if the citizen had written it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.background import Loops
from backend.conversation.media_files import file_path
from backend.conversation.photo_text import claim, keep
from backend.database.engine import Database
from backend.ocr.lines import PhotoText
from backend.ocr.reader import NotRead
from backend.petitions.search_index import index_petitions_of_message
from backend.ports import Clock
from backend.triage.cleaning import storable

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
RETRY_AFTER = timedelta(minutes=10)  # longer than starting and reading may take
POLL_SECONDS = 2.0
IDLE_ROUNDS = 60
"""Rounds without a photo after which the reader is closed: its models hold half a gigabyte."""


class Reads(Protocol):
    """What reads a photo (backend.ocr.reader.PhotoReader)."""

    async def read(self, photo: Path) -> PhotoText:
        """Raises NotRead."""

    async def close(self) -> None: ...


class PhotoTexts:
    """Reads all photos that wait. Without a reader nothing is done, and they go on waiting."""

    def __init__(
        self, database: Database, clock: Clock, folder: Path, reader: Reads | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder
        self._reader = reader
        self._loops = Loops(clock)

    async def start(self) -> None:
        if self._reader is not None:
            self._loops.start({"photo_texts": self._run})

    async def close(self) -> None:
        await self._loops.stop()
        if self._reader is not None:
            await self._reader.close()

    async def _run(self) -> None:
        idle = 0
        while True:
            try:
                idle = 0 if await self.read_one() else idle + 1
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("photo_texts.failed", error=type(error).__name__)
                idle += 1
            if idle == IDLE_ROUNDS and self._reader is not None:
                await self._reader.close()
            if idle:
                await self._clock.sleep(POLL_SECONDS)

    async def read_one(self) -> bool:
        """Read the photo that has waited longest; False where none waits."""
        if self._reader is None:
            return False
        now = self._clock.now()
        async with self._database.write() as connection:
            row = await claim(connection, now, now + RETRY_AFTER)
        if row is None:
            return False
        values = await self._read(self._reader, row)
        if not values:
            return True
        async with self._database.write() as connection:
            await keep(connection, row.media_id, **values)
            if values.get("text"):
                await index_petitions_of_message(connection, row.message_id)
        return True

    async def _read(self, reader: Reads, row: Any) -> dict[str, Any]:
        """The row's new values; none where it is tried again."""
        photo = file_path(self._folder, row.sha256, shown=True)
        if not await asyncio.to_thread(photo.is_file):
            return {"state": "failed"}
        try:
            found = await reader.read(photo)
        except NotRead as error:
            log.warning("photo_texts.not_read", media=row.media_id, reason=str(error))
            return {"state": "failed"} if row.attempts >= MOST_ATTEMPTS else {}
        return {
            "state": "read",
            "text": storable(found.text),
            "confidence": found.confidence,
            "read_at": self._clock.now(),
        }
