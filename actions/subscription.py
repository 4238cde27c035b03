"""Leave to send messages, taken back and given again in words."""

from __future__ import annotations

from actions.outcome import Outcome
from actions.turn import Turn


def opt_out(turn: Turn, out: Outcome) -> None:
    out.do("opt_out", words=turn.text)


def opt_in(turn: Turn, out: Outcome) -> None:
    out.do("opt_in", words=turn.text)
