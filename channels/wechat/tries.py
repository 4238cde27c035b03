"""Which of WeChat's three tries a request is."""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 10_000


class Tries:
    """Counts the tries of each message in this process; the oldest are forgotten."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, external_id: str) -> int:
        """1 at the first call for a message, then 2, 3, …"""
        number = self._counts.pop(external_id, 0) + 1
        self._counts[external_id] = number
        while len(self._counts) > self._remembered:
            self._counts.popitem(last=False)
        return number

    def at_least(self, external_id: str, number: int) -> int:
        """Raise the count of a message that was first seen elsewhere; returns the count."""
        self._counts[external_id] = max(number, self._counts.get(external_id, 0))
        return self._counts[external_id]
