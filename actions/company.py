"""For those who have nobody to talk to."""

from __future__ import annotations

from actions.outcome import Outcome, option


def keep_company(out: Outcome) -> None:
    """A kind word, a number where somebody listens, and somebody who comes by."""
    out.say("company", option("visit", "/ask_human"), option("no_need", "/nothing_more"))
