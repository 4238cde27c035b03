"""The engine's clock: a steady one, so that setting the machine's time neither resends nor ends
anything. An asyncio loop is one; tests have one that they move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol


class Alarm(Protocol):
    def cancel(self) -> None: ...


class Timer(Protocol):
    def time(self) -> float:
        """Seconds since some moment."""

    def call_at(self, when: float, callback: Callable[[], Any], /) -> Alarm: ...


async def pause(timer: Timer, seconds: float) -> None:
    """Like asyncio.sleep, by `timer`."""
    woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not woken.done():
            woken.set_result(None)

    alarm = timer.call_at(timer.time() + seconds, wake)
    try:
        await woken
    finally:
        alarm.cancel()
