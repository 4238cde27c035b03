"""How many pushes may leave an account now: a token bucket per account. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from backend.surveys.push_limits import PUSHES_PER_SECOND

# Tokens are spent a quarter of a second's worth at a time: claiming one row costs as much as five.
PORTION_SECONDS = 0.25
# After a standstill at most this much leaves at once.
BURST_SECONDS = 0.5


class PushRate:
    """`per_second` by account id; others have the default."""

    def __init__(self, per_second: Mapping[int, float]) -> None:
        self._per_second = per_second
        self._tokens: dict[int, float] = {}
        self._filled: dict[int, datetime] = {}

    def allowed(self, account_id: int, now: datetime) -> int:
        """Pushes this account may begin at `now`; 0 until a whole portion is there."""
        rate = self._per_second.get(account_id, PUSHES_PER_SECOND)
        most = max(1.0, rate * BURST_SECONDS)
        last = self._filled.get(account_id)
        # It begins full, and a clock that is set back takes nothing away.
        passed = max(0.0, (now - last).total_seconds()) if last else BURST_SECONDS
        tokens = min(most, self._tokens.get(account_id, most) + passed * rate)
        self._tokens[account_id], self._filled[account_id] = tokens, now
        return int(tokens) if tokens >= max(1.0, rate * PORTION_SECONDS) else 0

    def spend(self, account_id: int, pushes: int) -> None:
        self._tokens[account_id] = self._tokens.get(account_id, 0.0) - pushes
