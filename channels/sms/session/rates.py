"""How fast an account may send: in messages and in segments, and slower when told so. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_HOLD_SECONDS, LONGEST_HOLD_SECONDS = 1.0, 30.0
BURST_SECONDS = 1.0


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at `per_second`; 0: no limit. May be overdrawn: whoever takes then
    waits until the debt is paid."""

    per_second: float
    tokens: float = 0.0
    filled_at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until one may be taken."""
        if not self.per_second:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self.tokens) / self.per_second)

    def take(self, now: float) -> None:
        if self.per_second:
            self._fill(now)
            self.tokens -= 1.0

    def _fill(self, now: float) -> None:
        most = max(1.0, self.per_second * BURST_SECONDS)
        passed = BURST_SECONDS if self.filled_at is None else max(0.0, now - self.filled_at)
        self.tokens = min(most, self.tokens + passed * self.per_second)
        self.filled_at = now


class Rates:
    """One account's limits. `messages`, `segments` per second, 0 for none."""

    def __init__(self, messages: float = 0.0, segments: float = 0.0) -> None:
        each, of_messages = Bucket(segments), Bucket(messages)
        # Those without a limit are not asked: most accounts have none.
        self._of_further = [bucket for bucket in (each,) if bucket.per_second]
        self._of_first = [bucket for bucket in (each, of_messages) if bucket.per_second]
        self._hold_until = 0.0
        self._hold_seconds = 0.0

    def wait(self, now: float, *, first: bool) -> float:
        """Seconds until the next segment may leave; `first` of its message or a further one."""
        wait = self._hold_until - now
        for bucket in self._of_first if first else self._of_further:
            wait = max(wait, bucket.wait(now))
        return wait if wait > 0.0 else 0.0

    def take(self, now: float, *, first: bool) -> None:
        """A segment leaves."""
        for bucket in self._of_first if first else self._of_further:
            bucket.take(now)

    def slow_down(self, now: float) -> None:
        """The gateway has too much: hold everything back, longer each time."""
        if now < self._hold_until:
            return  # one of those that were already under way
        self._hold_seconds = min(
            max(FIRST_HOLD_SECONDS, 2 * self._hold_seconds), LONGEST_HOLD_SECONDS
        )
        self._hold_until = now + self._hold_seconds

    def went_well(self, now: float) -> None:
        """The gateway took one after it had been given time."""
        if now >= self._hold_until:
            self._hold_seconds = 0.0

    def held(self, now: float) -> float:
        """Seconds for which the gateway is still given time; 0 usually."""
        return max(0.0, self._hold_until - now)
