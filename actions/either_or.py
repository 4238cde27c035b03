"""Not sure what is meant: ask which of the two likeliest things, in their words, instead of
guessing. Asked once; who is not understood again gets the short menu, then the help."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from actions import additions
from actions.draft import IDS_LIMIT
from actions.outcome import Outcome, option
from actions.prompts import ask_unsure
from actions.turn import Turn
from actions.words import bare, words

CONTINUED = timedelta(minutes=10)
"""Within this time what is said goes on from words that were not understood, and a second message
not understood follows the first."""
HELD = 600
"""Characters of such words that are kept for what follows."""
SHORT = 8
"""Characters up to which an answer in words only says which of the two is meant."""
RAISE = "raise_petition"
_LETTER = re.compile(r"[^\W\d_]")

# What makes no sense for a citizen without such a petition, or such a setting.
POSSIBLE: Mapping[str, Callable[[Turn], Any]] = {
    "check_progress": lambda turn: turn.petitions,
    "add_details": lambda turn: turn.open_petitions,
    "remind": lambda turn: turn.open_petitions,
    "withdraw": lambda turn: turn.open_petitions,
    "rate": lambda turn: turn.answered_petitions,
    "opt_in": lambda turn: turn.opted_out,
    "opt_out": lambda turn: not turn.opted_out,
}


def ask(turn: Turn, out: Outcome) -> None:
    """The question that helps now. The words are kept, so that nobody types them again."""
    times = _times_before(turn, out.awaiting)
    offered = _likeliest(turn) if times == 0 and _telling(turn) else []
    if len(offered) == 2:
        meanings = words()["meanings"]
        out.say("either_or", *((meanings[intent], f"/{intent}") for intent in offered))
    elif times < 2:
        ask_unsure(out)
        times = max(times, 1)
    else:
        out.say("help_short")
    hold(turn, out, offered, times=times + 1)


def offer_to_raise(turn: Turn, out: Outcome) -> None:
    """Whoever asks after a matter that was never raised here may raise it now, in the words they
    have just used."""
    out.say("progress_none_raise", option("raise", f"/{RAISE}"))
    hold(turn, out, [RAISE])


def hold(turn: Turn, out: Outcome, offered: list[str], *, times: int = 1) -> None:
    """Keep the words until it is clear what they mean; `offered` are the intents they may."""
    before = out.awaiting if held_lately(turn, out.awaiting) else None
    out.awaiting = {
        "for": "held",
        "at": turn.now.isoformat(),
        "times": times,
        "offered": offered,
        "text": "\n".join(filter(None, [before["text"] if before else "", _telling(turn)]))[:HELD],
        "messages": [*(before["messages"] if before else []), *turn.ids][-IDS_LIMIT:],
        "since": turn.entities.get("time"),
        "phone": turn.entities.get("phone"),
    }


def _telling(turn: Turn) -> str:
    """The words, but for a bare number or sign ('66666', '1' where nothing was asked): it is no
    part of a matter."""
    return turn.text if _LETTER.search(turn.text) else ""


def held_lately(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """Whether there are words not understood, and what is said now may go on from them."""
    at = awaiting.get("at") if awaiting and awaiting["for"] == "held" else None
    return at is not None and turn.now - datetime.fromisoformat(at) <= CONTINUED


def _times_before(turn: Turn, awaiting: dict[str, Any] | None) -> int:
    return int(awaiting.get("times", 0)) if awaiting and held_lately(turn, awaiting) else 0


def _likeliest(turn: Turn) -> list[str]:
    """The two likeliest intents that can be chosen, each meaning once; fewer where there are not
    two."""
    meanings, same = words()["meanings"], words()["same_meaning"]
    named = [same.get(intent, intent) for intent in turn.readings]
    possible = [
        intent
        for intent in dict.fromkeys(named)
        if intent in meanings and _is_possible(intent, turn)
    ]
    return possible[:2]


def _is_possible(intent: str, turn: Turn) -> bool:
    condition = POSSIBLE.get(intent)
    return condition is None or bool(condition(turn))


def picked(turn: Turn, awaiting: dict[str, Any] | None) -> str | None:
    """Which of the two offered this turn means, by its option or in a few words; None: neither,
    the message is read for itself."""
    if awaiting is None or awaiting["for"] != "held" or not awaiting.get("offered"):
        return None
    intent = words()["same_meaning"].get(turn.intent, turn.intent)
    if intent not in awaiting["offered"] or turn.media or turn.place:
        return None
    return intent if turn.chosen is not None or len(bare(turn.text)) <= SHORT else None


def read_answer(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """'补充': the words not understood belong to the petition filed last. The other meanings have
    actions of their own."""
    if picked(turn, awaiting) != "add_details" or not turn.open_petitions:
        return False
    out.do(
        "add_to_petition",
        number=turn.open_petitions[0].number,
        text=awaiting["text"],
        messages=awaiting["messages"],
    )
    out.awaiting = additions.addition(turn)
    return True
