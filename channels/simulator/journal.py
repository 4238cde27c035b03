"""The conversations of one account on disk: one JSON object a line, appended and fsynced.

The file is the truth and memory its bounded copy, so a restart loses nothing, and several
processes may share the file: every append first reads what others wrote, under the file's lock.
All methods block for the disk: call them by `asyncio.to_thread`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import structlog

log = structlog.get_logger(__name__)

MESSAGES_KEPT = 300  # in memory, of one citizen
RECENT_KEPT = 1000  # in memory, of all citizens: what a live connection may still ask for

Record = dict[str, Any]


@dataclass(slots=True)
class Citizen:
    """Someone who chats here. `left`: started over under another address."""

    address: str
    name: str
    left: bool = False
    messages: deque[Record] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))


class Journal:
    """Records have `type`: `citizen` (address, name, replaces), `in` (from a citizen; id) or `out`
    (to a citizen; outbox_id). In memory each has its line number as `seq`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._offset = 0
        self._seq = 0
        self._citizens: dict[str, Citizen] = {}
        self._recent: deque[Record] = deque(maxlen=RECENT_KEPT)
        self._keys: set[tuple[str, str]] = set()

    def append(self, record: Record) -> bool:
        """Durable on return. False: this very record (same `id` or `outbox_id`) is there already.
        Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._catch_up()
            if _key(record) in self._keys:
                return False
            line = json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")
            # A line torn by a crash is ended, so that it spoils no other.
            torn = self._path.stat().st_size > self._offset
            file.write((b"\n" if torn else b"") + line + b"\n")
            file.flush()
            os.fsync(file.fileno())
            self._catch_up()
            return True

    def refresh(self) -> int:
        """Read what other processes wrote; the last sequence number. Raises OSError."""
        with self._lock:
            self._catch_up()
            return self._seq

    def citizens(self) -> list[Citizen]:
        """All who have not started over, in order of coming."""
        with self._lock:
            return [citizen for citizen in self._citizens.values() if not citizen.left]

    def citizen(self, address: str) -> Citizen | None:
        with self._lock:
            return self._citizens.get(address)

    def messages(self, address: str) -> list[Record]:
        """The last messages of one citizen, in order of their lines."""
        with self._lock:
            citizen = self._citizens.get(address)
            return list(citizen.messages) if citizen else []

    def since(self, seq: int) -> list[Record]:
        """Records after line `seq` that are still in memory."""
        with self._lock:
            return [record for record in self._recent if record["seq"] > seq]

    def _catch_up(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._seq += 1
            try:
                record = json.loads(line)
                self._take(record)
            except (ValueError, KeyError, TypeError):
                if line:
                    log.warning("simulator journal: unreadable line", line=self._seq)

    def _take(self, record: Record) -> None:
        record["seq"] = self._seq
        address = str(record["address"])
        citizen = self._citizens.get(address)
        if citizen is None:
            # An answer may go to someone whose first lines were removed: they stay reachable.
            citizen = self._citizens[address] = Citizen(address, str(record.get("name", address)))
        if record["type"] == "citizen":
            citizen.name = str(record["name"])
            replaced = self._citizens.get(str(record.get("replaces")))
            if replaced is not None:
                replaced.left = True
        else:
            citizen.messages.append(record)
        self._keys.add(_key(record))
        self._recent.append(record)


def _key(record: Record) -> tuple[str, str]:
    name = {"citizen": "address", "in": "id", "out": "outbox_id"}[record["type"]]
    return record["type"], str(record[name])
