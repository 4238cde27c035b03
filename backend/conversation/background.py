"""Loops that must not end while the process lives, and how a failure is told without its words."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import structlog

from backend.ports import Clock

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
MOST_FRAMES = 6


class Loops:
    """The loops of one part of a process, kept going from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def start(self, loops: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        """By name, as it stands in the log."""
        self._tasks = [
            asyncio.create_task(keep_going(name, loop, self._clock), name=name)
            for name, loop in loops.items()
        ]

    async def stop(self) -> None:
        """Return when all have ended; harmless before `start` and after an earlier stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []


async def keep_going(name: str, loop: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run `loop` for ever: an error it did not foresee is logged, and it is begun again. Without
    this the task would end, the process look healthy, and its work silently stand still."""
    while True:
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 - whatever it is, the work must go on
            log.error(
                "background.failed", task=name, error=type(error).__name__, where=where(error)
            )
        await clock.sleep(RESTART_SECONDS)


def where(error: BaseException) -> str:
    """'turn.py:93 < effects.py:80': the frames it passed, innermost first. An exception's own
    words are never logged: a citizen's may stand in them."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
