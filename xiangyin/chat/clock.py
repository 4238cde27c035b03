"""A clock that goes with the machine's and can be put forward."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from backend.clock import SystemClock


class ForwardClock:
    """`backend.ports.Clock`."""

    def __init__(self) -> None:
        self._machine = SystemClock()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return self._machine.now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def forward(self, by: timedelta) -> None:
        """That much time has passed."""
        self._ahead += by

    def reset(self) -> None:
        """The machine's time again."""
        self._ahead = timedelta()
