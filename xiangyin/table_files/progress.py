"""A bar that moves on a terminal while a file is read; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

_WIDTH = 24
_EVERY_SECONDS = 0.1


class Progress:
    """Of `total` bytes; on `stream` (standard error), if that is a terminal."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._begun = self._last = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def show(self, done: int, rows: int) -> None:
        """`done` of the bytes and so many `rows` are read."""
        now = time.monotonic()
        if not self._shown or now - self._last < _EVERY_SECONDS:
            return
        self._last = now
        self._stream.write(f"\r\x1b[K{bar(done, self._total, rows, now - self._begun)}")
        self._stream.flush()


def bar(done: int, total: int, rows: int, seconds: float) -> str:
    """One line: ████░░░░ 43%  1,200 行  380 行/秒  还要 4 秒."""
    share = min(1.0, done / total) if total else 1.0
    full = round(share * _WIDTH)
    line = f"{'█' * full}{'░' * (_WIDTH - full)} {share:4.0%}  {rows:,} 行"
    if seconds <= 0 or not share:
        return line
    return f"{line}  {rows / seconds:,.0f} 行/秒  还要 {seconds / share - seconds:.0f} 秒"
