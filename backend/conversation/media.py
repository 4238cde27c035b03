"""Photos, voices and videos: downloaded at once, checked by content, kept outside the database.

`<folder>/<sha[:2]>/<sha>` is the file as it came; `<sha>.shown` the copy people see: an image
turned upright, with EXIF (place, device) removed.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from PIL import Image, ImageOps
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from backend.conversation.background import Loops
from backend.conversation.outbox import backoff
from backend.conversation.tables import media
from backend.database.engine import Database
from backend.ports import Channel, Clock, MediaContent, MediaRef, MediaUnavailable, MessageKind

log = structlog.get_logger(__name__)

LARGEST_BYTES = 25 * 1024 * 1024
MOST_PIXELS = 60_000_000
MOST_ATTEMPTS = 14
FETCH_SECONDS = 60.0
POLL_SECONDS = 1.0
BATCH = 8
SHOWN_QUALITY = 88

# Content type by the first bytes; what is not here is refused.
_MAGIC = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"#!AMR", 0, "audio/amr"),
    (b"#!SILK", 1, "audio/silk"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"\xff\xf3", 0, "audio/mpeg"),
    (b"OggS", 0, "audio/ogg"),
    (b"RIFF", 0, "audio/wav"),
    (b"ftyp", 4, "video/mp4"),
)


class MediaRefused(Exception):
    """Not a kind of file we keep, or too large; the reason is for officials."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on disk: its hash, type by content, and an image's size in pixels."""

    sha256: str
    content_type: str
    size: int
    width: int | None = None
    height: int | None = None


def content_type(data: bytes) -> str | None:
    """The type by the first bytes, None for one we do not keep."""
    for magic, offset, found in _MAGIC:
        if data[offset : offset + len(magic)] == magic:
            return found
    return None


def store_file(folder: Path, data: bytes) -> StoredFile:
    """Check and keep a file and, for an image, the copy to show. Raises MediaRefused."""
    found = content_type(data)
    if found is None:
        raise MediaRefused("不是能识别的图片、语音或视频")
    if len(data) > LARGEST_BYTES:
        raise MediaRefused("文件太大")
    sha = hashlib.sha256(data).hexdigest()
    path = folder / sha[:2] / sha
    size: tuple[int, int] | tuple[None, None] = (None, None)
    if found.startswith("image/"):
        shown, size = _shown_copy(data)
        _write(path.with_name(f"{sha}.shown"), shown)
    _write(path, data)
    return StoredFile(sha, found, len(data), *size)


def _shown_copy(data: bytes) -> tuple[bytes, tuple[int, int]]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise MediaRefused("图片太大")
            upright = ImageOps.exif_transpose(opened)
            buffer = io.BytesIO()
            upright.convert("RGB").save(buffer, "JPEG", quality=SHOWN_QUALITY)
            return buffer.getvalue(), upright.size
    except MediaRefused:
        raise
    except Exception as error:
        raise MediaRefused("图片打不开") from error


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: written beside, fsynced, renamed."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(path)


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
                    select(media)
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
        return len(rows)

    async def _fetch(self, row: Any) -> dict[str, Any]:
        now = self._clock.now()
        ref = MediaRef(MessageKind(row.kind), row.provider_ref)
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                content: MediaContent = await self._by_id[row.account_id].fetch_media(ref)
            async with self._opening:
                stored = await asyncio.to_thread(store_file, self._folder, content.data)
        except MediaRefused as error:
            return {"state": "refused", "error": str(error)}
        except MediaUnavailable as error:
            if error.permanent:
                return {"state": "gone", "error": str(error)[:255]}
            return _later(row.attempts, now, str(error))
        except Exception as error:  # noqa: BLE001 - one medium must not hold up the others
            log.warning("media.not_fetched", media=row.id, error=type(error).__name__)
            return _later(row.attempts, now, type(error).__name__)
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


def _later(attempts: int, now: datetime, reason: str) -> dict[str, Any]:
    tried = attempts + 1
    if tried >= MOST_ATTEMPTS:
        return {"state": "gone", "attempts": tried, "error": reason[:255]}
    due = now + timedelta(seconds=backoff(tried))
    return {"attempts": tried, "due_at": due, "error": reason[:255]}
