"""How often something may be tried: a sliding window per key, in this process."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from backend.ports import Clock


class Attempts:
    """`allow(key)` is False once `limit` attempts were made within `window`.

    At most `keys` keys are remembered; the one longest unused is forgotten first, so a flood of
    made-up names costs memory for `keys` of them and no more.
    """

    def __init__(self, clock: Clock, *, limit: int, window: timedelta, keys: int = 10_000) -> None:
        self._clock = clock
        self._limit = limit
        self._window = window
        self._keys = keys
        self._made: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allow(self, key: str) -> bool:
        """Count one attempt; False if it is one too many (and then it is not counted)."""
        now = self._clock.now()
        made = self._made.setdefault(key, deque())
        self._made.move_to_end(key)
        while made and now - made[0] >= self._window:
            made.popleft()
        if len(made) >= self._limit:
            return False
        made.append(now)
        while len(self._made) > self._keys:
            self._made.popitem(last=False)
        return True

    def forget(self, key: str) -> None:
        """A success clears the count."""
        self._made.pop(key, None)
