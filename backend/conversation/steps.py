"""The named steps of a turn, between which a process may die.

Durability tests set `XIANGYIN_HALT_AT` to `step:signal:count` (for example
`turn.before_commit:KILL:7`): the process then sends itself that signal when it passes the step for
the count-th time. Without the variable `reach` does nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

STEPS = (
    "inbox.received",
    "inbox.stored",
    "lease.taken",
    "turn.started",
    "turn.bot_asked",
    "turn.bot_answered",
    "turn.before_commit",
    "turn.committed",
    "outbox.claimed",
    "outbox.sent",
    "outbox.recorded",
)


def _pass(_step: str) -> None:
    return None


def _halting(spec: str) -> Callable[[str], None]:
    """Raises ValueError for a spec that is not `step:KILL|STOP:count`."""
    step, name, count = spec.split(":")
    if step not in STEPS or name not in ("KILL", "STOP"):
        raise ValueError(f"XIANGYIN_HALT_AT: {spec!r} is not step:KILL|STOP:count")
    left = int(count)

    def reach_or_halt(reached: str) -> None:
        nonlocal left
        if reached == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), getattr(signal, f"SIG{name}"))

    return reach_or_halt


_spec = os.environ.get("XIANGYIN_HALT_AT")
reach: Callable[[str], None] = _halting(_spec) if _spec else _pass
