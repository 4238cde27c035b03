"""Answers to what was asked outside a petition under way: a rating, a comment on it, a phone's
last digits, a withdrawal, an addition announced. `Outcome.awaiting` remembers which, and nothing
blocks meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from actions import additions, company, either_or, existing, guide, rating
from actions.answers import NOT_AFTER_ALL, agreement
from actions.meant import meant
from actions.outcome import Outcome
from actions.turn import Turn
from actions.words import words

_TAIL = re.compile(r"(?<!\d)(\d{4})(?!\d)")


def phone_tail(text: str, phone: str | None = None) -> str | None:
    """The last four digits given, of a whole number or alone."""
    if phone:
        return phone[-4:]
    found = _TAIL.search(text)
    return found[1] if found else None


def answer(turn: Turn, out: Outcome) -> bool:
    """True if this turn answers what was awaited; then it is no longer awaited. A pressed button
    answers nothing."""
    awaiting = out.awaiting
    reader = READERS.get(awaiting["for"]) if awaiting else None
    if awaiting is None or reader is None or turn.command is not None:
        return False
    out.awaiting = None
    if reader(turn, out, awaiting):
        return True
    out.awaiting = awaiting
    return False


def _withdrawal(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    agreed = turn.intent == "affirm" or agreement(turn.text) is not None
    if not _keeps(turn.text) and (agreed or turn.intent == "withdraw"):
        out.do("withdraw_petition", number=awaiting["number"], text=turn.text)
    elif turn.intent in NOT_AFTER_ALL or _keeps(turn.text):
        out.say("not_withdrawn", number=awaiting["number"])
    else:
        return False
    return True


def _keeps(text: str) -> bool:
    """'还是别撤，让他们查'."""
    return any(word in text for word in words()["keeping"])


def _tail(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    tail = phone_tail(turn.text, turn.entities.get("phone"))
    if tail is None and turn.intent in NOT_AFTER_ALL:
        out.say("all_done")
        return True
    if tail is None or len(turn.text) > 20 or "petition_number" in turn.entities:
        return False
    out.do("show_progress", number=awaiting["number"], phone_tail=tail)
    return True


def _which(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """'狗那个': one of those listed, in words; a chosen option is the intent itself."""
    if turn.chosen is not None:
        return False
    if turn.intent in NOT_AFTER_ALL:
        out.say("all_done")
        return True
    petition = meant(turn.text, turn.open_petitions)
    if petition is None:
        return False
    existing.ON_ONE[awaiting["intent"]](turn, petition.number, out)
    return True


READERS: dict[str, Callable[[Turn, Outcome, dict[str, Any]], bool]] = {
    "held": either_or.read_answer,
    "which": _which,
    "guide": guide.read_answer,
    "rating": rating.read_rating,
    "comment": rating.read_comment,
    "withdrawal": _withdrawal,
    "phone_tail": _tail,
    "announced": additions.read_announced,
    "voice": additions.read_words_for_a_voice,
    "company": company.listen,
}
