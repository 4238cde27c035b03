"""Until when an account asks its provider for nothing. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0


class Hold:
    """An account that was told to slow down, or that is of no use until a person has helped."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._next = FIRST_SECONDS

    def back_off(self, now: datetime) -> float:
        """Hold for one second, at the next time in a row for two, … thirty. Returns seconds."""
        held = self._next
        self._next = min(self._next * 2, LONGEST_SECONDS)
        return self.stop(now, held)

    def stop(self, now: datetime, seconds: float) -> float:
        """Hold for so long from now, or as long as is held already. Returns seconds."""
        until = now + timedelta(seconds=seconds)
        self._until = max(until, self._until) if self._until else until
        return self.left(now)

    def release(self) -> None:
        """A message was taken."""
        self._until, self._next = None, FIRST_SECONDS

    def left(self, now: datetime) -> float:
        """Seconds still to wait; 0.0 for none."""
        return max(0.0, (self._until - now).total_seconds()) if self._until else 0.0
