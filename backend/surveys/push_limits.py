"""How fast people are written to unasked, and when not at all: at night, Asia/Shanghai. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from backend.clock import SHANGHAI

PUSHES_PER_SECOND = 20.0  # of an account that sets no other
DAILY_CAP = 3  # pushes to one person on one day


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until before `end`, over midnight where `begin` is the later; none where they
    are the same."""

    begin: time = time(21, 0)
    end: time = time(8, 0)

    def hold(self, at: datetime) -> bool:
        """Whether `at` (with its zone) lies in them."""
        now = at.astimezone(SHANGHAI).time()
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


def day_began(at: datetime) -> datetime:
    """When the day of `at` began in Asia/Shanghai."""
    return at.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
