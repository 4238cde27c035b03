"""What came in while SQL was down, on disk: one JSON line each, fsynced before it is acknowledged.

While anything lies here newer messages come here too, so that order holds. Each process owns one
file; files left by a dead process are adopted at start.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import structlog

from backend.ports import Event, GeoPoint, Inbound, InboxUnavailable, MediaRef, MessageKind

log = structlog.get_logger(__name__)

BATCH = 200
BATCH_BYTES = 4 * 1024 * 1024
SET_ASIDE = "set-aside.jsonl"
Store = Callable[[Sequence[Inbound]], Awaitable[None]]


class Spool:
    """Append, and drain in order into `store`, which must be idempotent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._lock = asyncio.Lock()
        self._left: list[Path] = []
        self._appended = 0
        self._torn = False
        self._drained: dict[Path, int] = {}

    def open(self) -> None:
        """Take a file of our own and note what dead processes left."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted(self._folder.glob("*.spool"), key=lambda found: found.stat().st_mtime):
            if path.stat().st_size == 0:
                continue
            if _free(path):
                self._left.append(path)

    @property
    def empty(self) -> bool:
        """True when newer messages may go straight to SQL."""
        return self._appended == 0 and not self._left

    async def append(self, inbounds: Sequence[Inbound]) -> None:
        """Write and fsync. Raises InboxUnavailable when the disk does not take it."""
        lines = b"".join(_encode(inbound) for inbound in inbounds)
        async with self._lock:
            try:
                await asyncio.to_thread(self._write, lines)
            except OSError as error:
                raise InboxUnavailable(f"spool: {error.strerror}") from error
            self._appended += len(inbounds)

    def _write(self, lines: bytes) -> None:
        if self._file is None:
            path = self._folder / f"{os.getpid()}-{os.urandom(4).hex()}.spool"
            self._file = path.open("ab", buffering=0)
            os.chmod(path, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _sync_folder(self._folder)
        start = self._file.tell()
        try:
            # After a failed write half a line may still stand there.
            view = memoryview(b"\n" + lines if self._torn else lines)
            while view:
                view = view[self._file.write(view) :]
            os.fsync(self._file.fileno())
        except OSError:
            self._torn = True
            self._file.truncate(start)
            raise
        self._torn = False

    async def drain(self, store: Store) -> int:
        """Move everything to SQL; returns how many. Errors of `store` pass through, and no file
        is removed before all of it is stored."""
        moved = 0
        for path in list(self._left):
            moved += await self._move(path, store)
            path.unlink(missing_ok=True)
            self._left.remove(path)
            self._drained.pop(path, None)
        if self._appended == 0 or self._file is None:
            return moved
        path = Path(self._file.name)
        while True:
            moved += await self._move(path, store)
            async with self._lock:
                if not await asyncio.to_thread(_whole_lines, path, self._drained.get(path, 0)):
                    self._file.close()
                    self._file = None
                    path.unlink()
                    self._drained.pop(path, None)
                    self._appended = 0
                    return moved

    async def _move(self, path: Path, store: Store) -> int:
        """Store what was not stored before, some lines at a time: a spool may be large."""
        moved = 0
        while lines := await asyncio.to_thread(_whole_lines, path, self._drained.get(path, 0)):
            inbounds = []
            for line in filter(bytes.strip, lines):
                try:
                    inbounds.append(_decode(line))
                except (ValueError, KeyError, TypeError) as error:
                    log.error("spool.line_not_understood", error=type(error).__name__)
                    await self._set_aside(line)
            if inbounds:
                await store(inbounds)
            moved += len(inbounds)
            self._drained[path] = self._drained.get(path, 0) + sum(map(len, lines))
        return moved

    async def set_aside(self, inbound: Inbound) -> None:
        """Keep on disk, for a person, what SQL will never take. Raises OSError."""
        await self._set_aside(_encode(inbound))

    async def _set_aside(self, line: bytes) -> None:
        await asyncio.to_thread(_append, self._folder / SET_ASIDE, line)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _free(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _whole_lines(path: Path, offset: int) -> list[bytes]:
    """Up to BATCH lines from `offset` on; a torn last one was never acknowledged."""
    lines: list[bytes] = []
    try:
        with path.open("rb") as file:
            file.seek(offset)
            size = 0
            while len(lines) < BATCH and size < BATCH_BYTES:
                line = file.readline()
                if not line.endswith(b"\n"):
                    break
                lines.append(line)
                size += len(line)
    except FileNotFoundError:
        # Another process adopted the same file and has stored all of it.
        return []
    return lines


def _append(path: Path, line: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encode(inbound: Inbound) -> bytes:
    fields = asdict(inbound)
    fields["raw"] = base64.b64encode(inbound.raw).decode()
    fields["sent_at"] = inbound.sent_at.isoformat() if inbound.sent_at else None
    return json.dumps(fields).encode() + b"\n"


def _decode(line: bytes) -> Inbound:
    fields: dict[str, Any] = json.loads(line)
    fields["kind"] = MessageKind(fields["kind"])
    fields["raw"] = base64.b64decode(fields["raw"])
    fields["media"] = tuple(
        MediaRef(MessageKind(ref["kind"]), ref["provider_ref"]) for ref in fields["media"]
    )
    fields["place"] = GeoPoint(**fields["place"]) if fields["place"] else None
    fields["event"] = Event(**fields["event"]) if fields["event"] else None
    fields["sent_at"] = datetime.fromisoformat(fields["sent_at"]) if fields["sent_at"] else None
    return Inbound(**fields)
