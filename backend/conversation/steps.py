"""The named steps of a turn, between which any process may die.

Durability tests start the app with `XIANGYIN_HALT_AT` set to halts, 'step:KILL|STOP:count[:pid
file]', separated by ';': passing the step for the count-th time sends that signal to this process,
or to the one whose pid the file holds. Without the variable `reach` does nothing.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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
# Of an answer that rides back in a webhook's reply.
PASSIVE_STEPS = (
    "passive.claimed",
    "passive.written",
    "passive.recorded",
)
# Of a survey pushed to many; most turns pass none of them.
PUSH_STEPS = (
    "push.before_asked",
    "push.asked",
    "push.before_turns",
    "push.turns",
)
VARIABLE = "XIANGYIN_HALT_AT"


@dataclass(slots=True)
class _Halt:
    step: str
    signal: signal.Signals
    left: int
    pid_file: Path | None

    def passed(self) -> None:
        self.left -= 1
        if self.left == 0:
            pid = int(self.pid_file.read_text()) if self.pid_file else os.getpid()
            with suppress(ProcessLookupError):  # it died of another halt
                os.kill(pid, self.signal)


def _read(spec: str) -> _Halt:
    step, name, count, *pid_file = spec.split(":", 3)
    known = step in (*STEPS, *PASSIVE_STEPS, *PUSH_STEPS) and name in ("KILL", "STOP")
    if not (known and count.isdigit()):
        raise ValueError(f"{VARIABLE}: {spec!r} is not step:KILL|STOP:count[:pid file]")
    return _Halt(
        step,
        signal.Signals[f"SIG{name}"],
        int(count),
        Path(pid_file[0]) if pid_file else None,
    )


_halts: list[_Halt] = []


def halt_as_told(specs: str) -> None:
    """Halt from now on as `specs` say. Raises ValueError for one that is not of the form above."""
    _halts[:] = [_read(spec) for spec in specs.split(";") if spec]


def reach(step: str) -> None:
    """This process passes `step`."""
    for halt in _halts:
        if halt.step == step:
            halt.passed()
