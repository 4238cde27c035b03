"""Petitions already filed: progress, reminding, withdrawing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from actions.answers import news
from actions.either_or import offer_to_raise
from actions.matter import tells_a_matter
from actions.meant import meant
from actions.outcome import Outcome
from actions.prompts import ask_which, ask_withdrawal
from actions.turn import Turn
from actions.words import bare, words

_TAIL_NAMED = re.compile(r"尾号\D{0,3}(\d{4})(?!\d)")
_URGED = re.compile(
    "(?:再|又|还|来|快|帮我|我要)催|催(?:一下|下|办|促|了|催|快|个|一催)|(?:次|回|遍)催"
)

A_NUMBER = 30
"""Characters up to which words with a petition number are about that petition."""


def number_asked_for(turn: Turn) -> bool:
    """Whether the message is a petition's number and hardly anything else."""
    return bool(turn.entities.get("petition_number")) and len(bare(turn.text)) <= A_NUMBER


def asks_for_progress(turn: Turn) -> bool:
    """Whoever never raised anything may tell of a matter in such words ('我家楼没有电梯')."""
    if turn.petitions or turn.chosen is not None or turn.command is not None or _number(turn):
        return True
    return any(word in turn.text for word in words()["progress"])


def _number(turn: Turn) -> str | None:
    chosen = (turn.chosen or {}).get("number")
    return str(chosen) if chosen else turn.entities.get("petition_number")


def show_progress(turn: Turn, out: Outcome) -> None:
    """By number, else the newest; another's needs the last digits of its phone."""
    number = _number(turn)
    if number is None and not turn.petitions and out.draft is None and tells_a_matter(turn):
        offer_to_raise(turn, out)
    elif number is None and not turn.petitions:
        out.say("progress_none")
    elif number is None or turn.own(number):
        named = meant(turn.text, turn.petitions)
        shown = number or (named or turn.petitions[0]).number
        out.do("show_progress", number=shown, phone_tail=None)
        others = [one.number for one in turn.open_petitions if one.number != shown]
        if number is None and named is None and others:
            out.say("progress_others", numbers="、".join(others[:5]))
    else:
        _show_anothers(turn, number, out)


def _show_anothers(turn: Turn, number: str, out: Outcome) -> None:
    phone, named = turn.entities.get("phone"), _TAIL_NAMED.search(turn.text)
    tail = phone[-4:] if phone else named[1] if named else None
    out.do("show_progress", number=number, phone_tail=tail)
    if tail is None:
        out.awaiting = {"for": "phone_tail", "number": number}


def urges(turn: Turn) -> bool:
    """'第三回催了，屋里都没法住人了': speed for what is in hand, whatever it tells."""
    return bool(turn.open_petitions) and _URGED.search(turn.text) is not None


def remind(turn: Turn, out: Outcome) -> None:
    """With what is new in it, so that nobody works from old news."""
    number = _open_number("remind", turn, out)
    if number:
        remind_of(turn, number, out)


def remind_of(turn: Turn, number: str, out: Outcome) -> None:
    out.do("remind", number=number, text=turn.text)
    if news(turn.text) or turn.media:
        out.do("add_to_petition", number=number, text=turn.text, messages=list(turn.ids))


def withdraw(turn: Turn, out: Outcome) -> None:
    """Asks once more: a withdrawal ends the matter."""
    number = _open_number("withdraw", turn, out)
    if number:
        withdraw_one(turn, number, out)


def withdraw_one(turn: Turn, number: str, out: Outcome) -> None:
    petition = turn.own(number)
    if petition:
        ask_withdrawal(petition, out)
        out.awaiting = {"for": "withdrawal", "number": petition.number}


ON_ONE: Mapping[str, Callable[[Turn, str, Outcome], None]] = {
    "remind": remind_of,
    "withdraw": withdraw_one,
}


def _open_number(intent: str, turn: Turn, out: Outcome) -> str | None:
    """The petition meant: the one named, the only open one, or None after asking which."""
    number, petitions = _number(turn), turn.open_petitions
    if number:
        if turn.own(number):
            return number
        out.say("progress_not_found", number=number)
    elif not petitions:
        out.say(f"{intent}_none")
    elif len(petitions) == 1:
        return petitions[0].number
    elif named := meant(turn.text, petitions):
        return named.number
    else:
        ask_which(intent, petitions, turn, out)
        out.awaiting = {"for": "which", "intent": intent}
    return None
