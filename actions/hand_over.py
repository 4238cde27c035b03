"""Handing the conversation to a human."""

from __future__ import annotations

from collections.abc import Sequence

from actions.outcome import Outcome
from actions.turn import Turn


def hand_over(turn: Turn, out: Outcome, *, said: str = "", messages: Sequence[int] = ()) -> None:
    """With what was said so far, so that nobody has to say it twice."""
    text = "\n".join(part for part in (said, turn.text) if part)
    out.do("hand_over", text=text, messages=[*messages, *turn.ids])
