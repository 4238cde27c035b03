"""Words, photos and a contact for a petition already filed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from actions.correction import correction
from actions.meant import meant
from actions.outcome import Outcome
from actions.turn import Turn
from actions.words import bare

ADDITION_WINDOW = timedelta(hours=2)
"""How long after filing words without a subject are taken for more of that petition."""
WORDS_FOR_A_VOICE = timedelta(minutes=30)
"""How long after filing a voice words are taken for what it is about, whatever they sound like."""
BESIDES_A_PHONE = 12
"""Characters beside a phone number from which the words are kept too, not only the number."""

LONGEST_CORRECTION = 40
"""Characters from which words that put something right tell a matter of their own."""
_WRONG = re.compile("(?:写|说|打|搞|弄|记)错|更正|纠正|^不对|^错了")

OTHER_BUSINESS = frozenset(
    {"check_progress", "start_petition", "ask_human", "opt_out", "opt_in", "withdraw", "greet"}
    | {"remind", "help", "ask_privacy", "ask_identity", "ask_guide"}
)
NO_ADDITION = frozenset({"nothing_more", "cancel", "deny", "thank", "affirm", "go_back"})


def addition(turn: Turn) -> dict[str, Any]:
    """What is awaited after filing: more that may belong to it."""
    return {"for": "addition", "since": turn.now.isoformat()}


def spoken(turn: Turn) -> dict[str, Any]:
    """What is awaited after filing a voice: words that tell what it is about, and where."""
    return {"for": "voice", "since": turn.now.isoformat()}


def read_words_for_a_voice(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """'我在杨树沟村，路灯坏了': no new matter, for we asked for it."""
    if turn.now - datetime.fromisoformat(awaiting["since"]) > WORDS_FOR_A_VOICE:
        return False
    if not add_place(turn, out) and not read_announced(turn, out, awaiting):
        return False
    if out.effects:
        out.awaiting = awaiting
    return True


def soon_after_filing(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """Whether such more is still awaited, and there is a petition it could belong to."""
    if awaiting is None or awaiting["for"] not in ("addition", "voice") or not turn.open_petitions:
        return False
    return turn.now - datetime.fromisoformat(awaiting["since"]) <= ADDITION_WINDOW


def add(turn: Turn, out: Outcome) -> None:
    """Add what came to the open petition it speaks of, else to the newest."""
    petition = meant(turn.text, turn.open_petitions) or turn.open_petitions[0]
    number, phone = petition.number, turn.entities.get("phone")
    if phone:
        out.do("set_contact", number=number, phone=phone, person=turn.entities.get("person"))
    if not phone or len(bare(turn.text)) > len(phone) + BESIDES_A_PHONE or turn.media:
        out.do("add_to_petition", number=number, text=turn.text, messages=list(turn.ids))
    out.awaiting = addition(turn)


def corrects_the_last(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """'刚才写错了，是旁边的高峰村': soon after filing, words that put something right."""
    if not soon_after_filing(turn, awaiting) or len(bare(turn.text)) > LONGEST_CORRECTION:
        return False
    return correction(turn.text) is not None or _WRONG.search(turn.text) is not None


def add_place(turn: Turn, out: Outcome) -> bool:
    """'我们在锦绣小区5号楼': where the newest petition is, if nobody knew. False: it says no such
    thing."""
    if turn.place is None or not turn.open_petitions or not turn.open_petitions[0].placeless:
        return False
    out.do(
        "add_to_petition",
        number=turn.open_petitions[0].number,
        text=turn.text or turn.place,
        place=turn.place,
        place_code=turn.place_code,
        messages=list(turn.ids),
    )
    out.awaiting = addition(turn)
    return True


def ask(turn: Turn, out: Outcome) -> None:
    """The citizen says that more will follow."""
    out.say("ask_addition", number=turn.open_petitions[0].number)
    out.awaiting = {"for": "announced"}


def read_announced(turn: Turn, out: Outcome, _: dict[str, Any]) -> bool:
    """Whatever follows an announcement is the addition, unless it is plainly other business."""
    if not turn.open_petitions or turn.intent in OTHER_BUSINESS or turn.chosen is not None:
        return False
    if turn.intent in NO_ADDITION:
        out.say("all_done")
    elif turn.text or turn.media:
        add(turn, out)
    else:
        return False
    return True
