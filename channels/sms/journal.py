"""What a channel must remember beyond its process: a file of JSON lines, fsynced before `append`
returns. All that wait at one moment are written together.

The file is locked while it is open, so that an account has one owner. Its readers keep the state in
memory and give `compact` the lines that still count.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any

import structlog

log = structlog.get_logger(__name__)

Line = dict[str, Any]


class JournalUnavailable(Exception):
    """Another process has the file, or the disk takes nothing."""


class Journal:
    """`open`, `append`, `compact`, `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self.lines = 0
        self._kept = 0  # by the last compacting

    def open(self) -> list[Line]:
        """Lock the file and read it; a torn last line was never acknowledged. Raises
        JournalUnavailable."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise JournalUnavailable(f"{error.strerror}") from error
        try:
            os.chmod(self._path, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                raise BlockingIOError  # compacted as we came: the one to lock is another
            file.seek(0)
            octets = file.read()
            whole = octets[: octets.rfind(b"\n") + 1]
            if len(whole) != len(octets):
                file.truncate(len(whole))
        except BlockingIOError as error:
            file.close()
            raise JournalUnavailable("another process has this account") from error
        except OSError as error:
            file.close()
            raise JournalUnavailable(f"{error.strerror}") from error
        self._file = file
        found = [line for line in map(_read, whole.splitlines()) if line is not None]
        self.lines = len(found)
        return found

    @property
    def grown(self) -> bool:
        """Whether anything was written since the last compacting, or before this process."""
        return self.lines > self._kept

    def overgrown(self, most: int) -> bool:
        """Whether compacting would be worth it: more than `most` lines, and twice what counted."""
        return self.lines > max(most, 2 * self._kept)

    async def append(self, line: Line) -> None:
        """Returns once it is on the disk. Raises JournalUnavailable."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((_write(line), written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups(), name="sms-journal")
        await asyncio.shield(written)

    async def compact(self, lines: Callable[[], Iterable[Line]]) -> None:
        """Replace all lines by these, asked for once nothing is being written: what is appended
        must stand in memory before. Raises JournalUnavailable; the old lines stand then."""
        async with self._writing:
            kept = [_write(line) for line in lines()]
            try:
                file = await asyncio.to_thread(self._replace, kept)
            except OSError as error:
                raise JournalUnavailable(f"{error.strerror}") from error
            if self._file is not None:
                self._file.close()
            self._file = file
            self.lines = self._kept = len(kept)

    async def close(self) -> None:
        if self._writer is not None:
            await asyncio.wait([self._writer])
        if self._file is not None:
            self._file.close()
            self._file = None

    async def _write_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            async with self._writing:
                failure = await asyncio.to_thread(self._append, [octets for octets, _ in group])
            for _, written in group:
                if written.done():
                    continue
                if failure is None:
                    written.set_result(None)
                else:
                    written.set_exception(JournalUnavailable(failure))
                    written.exception()  # the one who waited may be gone
            if failure is None:
                self.lines += len(group)
        self._writer = None

    def _append(self, lines: Sequence[bytes]) -> str | None:
        """What failed; None where nothing did."""
        if self._file is None:
            return "closed"
        start = self._file.seek(0, os.SEEK_END)
        try:
            view = memoryview(b"".join(lines))
            while view:
                view = view[self._file.write(view) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            log.error("sms.journal_failed", error=error.strerror)
            self._file.truncate(start)
            return error.strerror or "cannot write"
        return None

    def _replace(self, lines: Sequence[bytes]) -> IO[bytes]:
        beside = self._path.with_suffix(".new")
        file = beside.open("w+b", buffering=0)
        try:
            os.chmod(beside, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            view = memoryview(b"".join(lines))
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())
            beside.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError:
            file.close()
            raise
        return file


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(line: Line) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _read(octets: bytes) -> Line | None:
    try:
        line = json.loads(octets)
    except ValueError:
        log.error("sms.journal_line_not_understood")
        return None
    return line if isinstance(line, dict) else None
