"""How something is applied for: the app finds the entry of its guide and words it; here it is
decided when that is what was asked, and what follows when it was not."""

from __future__ import annotations

from typing import Any

from actions.answers import agreement
from actions.hand_over import hand_over
from actions.outcome import Outcome, option
from actions.turn import Turn
from actions.words import bare, named

ASKING = frozenset(
    {"ask_guide", "raise_petition", "start_petition", "nlu_fallback", "out_of_scope"}
)
"""What a question of procedure may be read as; the guide's own reading decides."""
LONGEST_TOPIC = 20
"""Characters up to which a question after an entry is about that entry."""
SATISFIED = frozenset({"affirm", "thank", "nothing_more", "greet"})


def asked(turn: Turn) -> bool:
    """Whether the message asks how something is done, and the guide knows."""
    return turn.chosen is None and turn.guide is not None and turn.intent in ASKING


def knows_none(turn: Turn) -> bool:
    """Whether they asked in their own words, and the guide has nothing for them."""
    return turn.chosen is None and turn.command is None and turn.guide is None


def show(turn: Turn, out: Outcome) -> None:
    """The entry asked for, or the chosen page of it; where none fits, other ways to an answer. The
    menu's button names none."""
    if turn.command is not None:
        out.say("guide_asked_for")
        return
    chosen = turn.chosen or {}
    entry = chosen.get("entry") or turn.guide
    if entry is None:
        _offer_inquiry(turn, out, turn.text, list(turn.ids), "guide_unknown")
        return
    before = out.awaiting if out.awaiting and out.awaiting["for"] == "guide" else None
    out.do("show_guide", entry=entry, page=chosen.get("page", 1))
    out.awaiting = before if before and chosen else _remembered(turn, entry)


def read_answer(turn: Turn, out: Outcome, awaiting: dict[str, Any]) -> bool:
    """What follows an entry: more of it, one point of it, or that it was not what they wanted."""
    if turn.chosen is not None and "entry" in turn.chosen:
        out.awaiting = awaiting
        show(turn, out)
        return True
    if turn.chosen is not None or turn.media:
        return False
    if turn.guide is not None and turn.guide != awaiting["entry"]:
        return False
    topic = named("topics", turn.text) if len(bare(turn.text)) <= LONGEST_TOPIC else None
    if topic == "more":
        out.do("show_guide", entry=awaiting["entry"], page=2)
    elif topic and turn.intent not in ("raise_petition", "check_progress", "remind"):
        out.do("show_guide", entry=awaiting["entry"], page=1, topic=topic)
    elif turn.intent in ("deny", "correct"):
        more = turn.text if len(bare(turn.text)) > len("不是这个") else ""
        text = "\n".join(filter(None, (awaiting["text"], more)))
        _offer_inquiry(turn, out, text, [*awaiting["messages"], *turn.ids], "guide_other")
        return True
    elif turn.intent in SATISFIED or agreement(turn.text) == []:
        out.say("thank" if turn.intent == "thank" else "all_done")
        return True
    else:
        return False
    out.awaiting = awaiting
    return True


def _remembered(turn: Turn, entry: str) -> dict[str, Any]:
    return {"for": "guide", "entry": entry, "text": turn.text, "messages": list(turn.ids)}


def _offer_inquiry(turn: Turn, out: Outcome, text: str, messages: list[int], key: str) -> None:
    """Nothing fits: an official can answer, or talk to them."""
    if not text:
        hand_over(turn, out)
        return
    out.say(
        key,
        option("inquire", "/raise_petition"),
        option("human", "/ask_human"),
        option("no_need", "/nothing_more"),
    )
    out.awaiting = {
        "for": "held",
        "at": turn.now.isoformat(),
        "text": text,
        "messages": messages,
        "kind": "inquiry",
    }
