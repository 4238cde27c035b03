"""Was the citizen helped? Levels 1–5 by option, number or word; below 3 we ask what is missing."""

from __future__ import annotations

from typing import Any

from actions.additions import NO_ADDITION, OTHER_BUSINESS
from actions.outcome import Outcome, option
from actions.prompts import ask_rating
from actions.turn import Petition, Turn
from actions.words import bare, satisfaction

NOT_NOW = frozenset({"go_back", "cancel"})
UNSATISFIED = 2
"""The highest level at which we ask what is still wrong."""
COMMENT_FROM = 7
"""Characters from which the words of a rating are kept as its comment."""
LONG = 30
"""Characters from which words are not taken for a rating, though they hold such a word."""


def ask(turn: Turn, out: Outcome) -> None:
    """The system's own question, after an answer was given."""
    number = str(turn.internal.get("number", ""))
    petition = turn.own(number) or Petition(number, "", "resolved")
    ask_rating(petition, out)
    out.awaiting = {"for": "rating", "number": number}


def read_rating(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """Read the answer to the rating question."""
    if turn.intent in NOT_NOW and turn.chosen is None and _level(turn) is None:
        out.say("rating_later", number=awaiting["number"])
        return True
    level = _level(turn)
    if level is None or (turn.chosen is None and not _sounds_like_rating(turn)):
        return False
    number = str((turn.chosen or {}).get("number") or awaiting["number"])
    _rate(turn, out, number, level)
    return True


def _sounds_like_rating(turn: Turn) -> bool:
    return turn.intent == "rate" or (len(bare(turn.text)) <= LONG and turn.place is None)


def _level(turn: Turn) -> int | None:
    if turn.chosen is not None:
        level = turn.chosen.get("level")
        return int(level) if level in (1, 2, 3, 4, 5) else None
    return satisfaction(turn.text)


def _rate(turn: Turn, out: Outcome, number: str, level: int) -> None:
    fields: dict[str, Any] = {"number": number, "level": level}
    if len(bare(turn.text)) >= COMMENT_FROM:
        fields["comment"] = turn.text
    out.do("rate", **fields)
    if level <= UNSATISFIED and "comment" not in fields:
        out.say("ask_rating_comment", option("no_comment", "/nothing_more"), number=number)
        out.awaiting = {"for": "comment", "number": number}


def read_comment(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """What is still wrong goes to those who work on the reopened petition."""
    if turn.intent in NO_ADDITION:
        out.say("comment_done", number=awaiting["number"])
        return True
    if turn.intent in OTHER_BUSINESS or turn.chosen is not None or not (turn.text or turn.media):
        return False
    out.do(
        "add_to_petition",
        number=awaiting["number"],
        text=turn.text,
        messages=list(turn.ids),
    )
    return True


def rate_unasked(turn: Turn, out: Outcome) -> None:
    """'满意' or '我要评价' without our question: about the petition answered last."""
    petitions = turn.answered_petitions
    level = _level(turn)
    number = (turn.chosen or {}).get("number") or (petitions[0].number if petitions else None)
    if number is None:
        out.say("rate_none")
    elif level is None:
        ask_rating(turn.own(str(number)) or petitions[0], out)
        out.awaiting = {"for": "rating", "number": number}
    else:
        _rate(turn, out, str(number), level)
