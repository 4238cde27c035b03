"""What is said when no petition is under way and no command is meant: answers to what we asked,
more about what was just filed, and words whose sense is unsure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions import additions, awaited, either_or, existing, guide, rating
from actions.additions import soon_after_filing
from actions.answers import asks_how_long, goes_ahead, is_lonely
from actions.company import keep_company
from actions.matter import tells_a_matter
from actions.meant import meant
from actions.outcome import Outcome, option
from actions.turn import Turn
from actions.words import bare, only_announces, words

_ONLY_UNKNOWING = 9
"""Characters up to which whoever does not know says nothing else ('我也不知道该咋说')."""
MAYBE_A_MATTER = frozenset({"raise_petition", "abuse", "add_details", "inform"})


def offered_to_ask(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """Whether they agree that an office be asked what the guide did not know."""
    if turn.chosen is not None or not awaiting or awaiting["for"] != "held":
        return False
    return awaiting.get("kind") is not None and goes_ahead(turn.text)


def carry_on(turn: Turn, awaiting: dict[str, Any] | None) -> Outcome:
    """One such turn. `open_form` in the outcome hands it to the form."""
    out = Outcome(awaiting=awaiting)
    if turn.is_silent_event or awaited.answer(turn, out):
        return out
    if guide.asked(turn):
        guide.show(turn, out)
        return out
    if turn.intent == "go_back":
        _go_back(turn, out)
        return out
    if existing.number_asked_for(turn):
        existing.show_progress(turn, out)
        return out
    if offered_to_ask(turn, out.awaiting):
        out.open_form = True
        return out
    if turn.kind == "text" and turn.chosen is None and not bare(turn.text):
        out.say("help_short")  # '？', or nothing but emoji
        return out
    HANDLERS.get(turn.intent, unsure)(turn, out)
    return out


def _go_back(turn: Turn, out: Outcome) -> None:
    """What can be taken back where no question is open."""
    if soon_after_filing(turn, out.awaiting):
        out.say("filed_already", number=turn.open_petitions[0].number)
    elif turn.opted_out:
        out.say("ask_opt_in", option("opt_in", "/opt_in"), option("no_need", "/nothing_more"))
    else:
        out.say("nothing_to_undo")
        out.awaiting = None


def _inform(turn: Turn, out: Outcome) -> None:
    if additions.add_place(turn, out):
        return
    if soon_after_filing(turn, out.awaiting):
        additions.add(turn, out)
    elif turn.place or turn.kind == "location":
        out.open_form = True
    else:
        unsure(turn, out)


def _add_details(turn: Turn, out: Outcome) -> None:
    if not turn.open_petitions:
        out.open_form = True
    elif only_announces(turn.text) and not turn.media:
        additions.ask(turn, out)
    else:
        additions.add(turn, out)


def _media(turn: Turn, out: Outcome) -> None:
    if soon_after_filing(turn, out.awaiting):
        additions.add(turn, out)
    else:
        out.open_form = True


def _correction(turn: Turn, out: Outcome) -> None:
    """'地址错了，是5号楼' after filing is an addition like any other."""
    if not soon_after_filing(turn, out.awaiting):
        out.say("nothing_asked")
    elif turn.place or len(bare(turn.text)) > 8:
        additions.add(turn, out)
    else:
        additions.ask(turn, out)


def _cancel(turn: Turn, out: Outcome) -> None:
    if soon_after_filing(turn, out.awaiting):
        existing.withdraw(turn, out)
    else:
        out.say("all_done")
        out.awaiting = None


def _no_more(turn: Turn, out: Outcome) -> None:
    out.say("all_done")
    out.awaiting = None


def unsure(turn: Turn, out: Outcome) -> None:
    """What may well be a matter or company is taken for it; else the citizen is asked."""
    petition = meant(turn.text, turn.open_petitions)
    if petition and any(word in turn.text for word in words()["hurrying"]):
        existing.remind_of(turn, petition.number, out)
        return
    if turn.open_petitions and asks_how_long(turn.text):
        existing.show_progress(turn, out)
        return
    if _speaks_of_one(turn):
        additions.add(turn, out)
        return
    soon = soon_after_filing(turn, out.awaiting) and len(bare(turn.text)) > 3
    if soon or ({*turn.readings[:2]} & MAYBE_A_MATTER and tells_a_matter(turn)):
        out.open_form = True
        return
    if is_lonely(turn.text):
        keep_company(turn, out)
        return
    either_or.ask(turn, out)


def _speaks_of_one(turn: Turn) -> bool:
    """'砂石厂今天还在干，灰更大了': news of a petition in hand, named by its matter."""
    return len(bare(turn.text)) > 6 and meant(turn.text, turn.open_petitions) is not None


def _abuse(turn: Turn, out: Outcome) -> None:
    """Whoever swears may have a matter."""
    if tells_a_matter(turn):
        out.open_form = True
    else:
        out.say("calm")


def _dont_know(turn: Turn, out: Outcome) -> None:
    """'低保停了，不知道为啥' tells a matter, and goes on from words that were not understood;
    '不知道' does neither."""
    telling = len(bare(turn.text)) > _ONLY_UNKNOWING
    if telling and (tells_a_matter(turn) or either_or.held_lately(turn, out.awaiting)):
        out.open_form = True
    else:
        out.say("help_short")


def _elsewhere(turn: Turn, out: Outcome) -> None:
    """Talk that is no business of an office, but may be of a neighbour."""
    if is_lonely(turn.text):
        keep_company(turn, out)
    elif _speaks_of_one(turn):
        additions.add(turn, out)
    elif turn.place:
        out.open_form = True
    else:
        out.say("out_of_scope")


def _say(key: str) -> Callable[[Turn, Outcome], None]:
    def answer(turn: Turn, out: Outcome) -> None:
        out.say(key)

    return answer


HANDLERS: dict[str, Callable[[Turn, Outcome], None]] = {
    "inform": _inform,
    "send_location": _inform,
    "add_details": _add_details,
    "send_media": _media,
    "correct": _correction,
    "deny": _correction,
    "cancel": _cancel,
    "nothing_more": _no_more,
    "affirm": _say("nothing_asked"),
    "dont_know": _dont_know,
    "choose": _say("nothing_asked"),
    "rate": rating.rate_unasked,
    "abuse": _abuse,
    "out_of_scope": _elsewhere,
    # Answered here only while a survey is open (see bot/reading.py).
    "greet": _say("here"),
    "thank": _say("thank"),
    "help": _say("help_short"),
    "ask_identity": _say("identity"),
    "ask_privacy": _say("privacy"),
}
