"""Loops that must not end while the process lives, and how a failure is told without its words."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from backend.ports import Clock

log = structlog.get_logger(__name__)

RESTART_SECONDS = 1.0
MOST_FRAMES = 6


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
