"""How long to wait before connecting again. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

# A session that held so long ended for another reason than one that never came about.
HELD_SECONDS = 30.0
REFUSED_SECONDS = 10.0  # whoever refuses a login at once may lock out those who ask at once again


@dataclass(slots=True)
class Backoff:
    """Doubling from `first` to `longest` seconds, ± 30 %, so that many do not come at once."""

    first: float = 0.5
    longest: float = 60.0
    failures: int = 0

    def after(self, *, held: float, refused: bool) -> float:
        """Seconds before the next try, after a session that was open `held` seconds."""
        if held >= HELD_SECONDS:
            self.failures = 0
        wait = min(self.first * 2.0 ** min(self.failures, 16), self.longest)
        self.failures += 1
        if refused:
            wait = max(wait, min(REFUSED_SECONDS, self.longest))
        return wait * random.uniform(0.7, 1.3)  # noqa: S311
