"""For those who have nobody to talk to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from actions.answers import NOT_AFTER_ALL, tells_of_oneself
from actions.outcome import Outcome, option
from actions.turn import Turn

CONTINUED = timedelta(minutes=30)
"""Within this time whoever was kept company may go on."""


def keep_company(turn: Turn, out: Outcome) -> None:
    """A kind word, a number where somebody listens, and somebody who comes by; then an ear."""
    key = "listening" if _was_kept_lately(turn, out.awaiting) else "company"
    out.say(key, option("visit", "/ask_human"), option("no_need", "/nothing_more"))
    out.awaiting = {"for": "company", "at": turn.now.isoformat()}


def listen(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """Whoever goes on telling of themselves after a kind word is not asked where that is."""
    goes_on = tells_of_oneself(turn.text) and turn.intent not in NOT_AFTER_ALL
    if not goes_on or turn.place or not _was_kept_lately(turn, awaiting):
        return False
    out.awaiting = awaiting
    keep_company(turn, out)
    return True


def _was_kept_lately(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    if not awaiting or awaiting["for"] != "company":
        return False
    return turn.now - datetime.fromisoformat(awaiting["at"]) <= CONTINUED
