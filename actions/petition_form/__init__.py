"""Raising a petition: what, where, one confirmation, then it is filed.

A small state machine. `Draft.stage` is the question last asked; each stage has one function, in
the modules beside this one, that reads the answer. Whatever else a citizen says meanwhile is
answered first (`INTERRUPTIONS`), then the open question is put again, so nothing said so far is
lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions import awaited, existing, hand_over, subscription
from actions.additions import soon_after_filing
from actions.draft import Draft
from actions.outcome import Outcome
from actions.petition_form import confirming, gathering, matters, same_matter
from actions.petition_form.gathering import AROUND_A_PLACE
from actions.petition_form.steps import proceed
from actions.prompts import ask, ask_again
from actions.turn import Turn
from actions.words import bare, named

STAGES: dict[str, Callable[[Turn, Draft, Outcome], None]] = {
    "what": gathering.stage_what,
    "place": gathering.stage_place,
    "confirm": confirming.stage_confirm,
    "correct": confirming.stage_correct,
    "correct_place": confirming.stage_correct_place,
    "correct_what": confirming.stage_correct_what,
    "another": matters.stage_another,
    "addition": matters.stage_addition,
    "same": same_matter.stage_same,
}


def run_form(turn: Turn, draft: Draft | None, awaiting: dict[str, Any] | None) -> Outcome:
    """One turn of the form; `draft` None begins it."""
    out = Outcome(draft=draft, awaiting=awaiting)
    if turn.is_silent_event:
        return out
    if awaiting and awaited.answer(turn, out):
        if draft:
            ask(draft, turn, out)
        return out
    if draft is None:
        out.draft = draft = Draft()
        out.awaiting = None
        _begin(turn, draft, awaiting, out)
    elif not _interrupted(turn, draft, out):
        STAGES[draft.stage](turn, draft, out)
    return out


def _begin(turn: Turn, draft: Draft, awaiting: dict[str, Any] | None, out: Outcome) -> None:
    """Take the first message: a matter, a place, a photo, or only the wish to raise something."""
    draft.collect(turn)
    if turn.chosen is not None and awaiting and awaiting["for"] == "held":
        draft.add_words(awaiting["text"])
        draft.messages = list(awaiting["messages"])
        draft.since, draft.phone = awaiting.get("since"), awaiting.get("phone")
    if turn.intent == "start_petition":
        draft.kind = named("kinds", turn.text)
    elif not _only_names_a_place(turn):
        draft.add_words(turn.text)
    if turn.place:
        draft.put_place(turn.place, turn.place_code)
    if _may_belong_to_the_last(turn, awaiting):
        draft.stage = "addition"
        ask(draft, turn, out)
    else:
        proceed(turn, draft, out)


def _only_names_a_place(turn: Turn) -> bool:
    """'我是柳湾镇的', a location sent: the matter is still to come."""
    if turn.intent == "send_location":
        return True
    beyond = len(bare(turn.text)) - len(bare(turn.place or ""))
    return turn.intent == "inform" and beyond <= AROUND_A_PLACE


def _may_belong_to_the_last(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """Words or photos soon after filing that name no place of their own."""
    if not turn.open_petitions or turn.chosen is not None or turn.intent == "start_petition":
        return False
    if turn.intent in ("send_media", "add_details"):
        return True
    return soon_after_filing(turn, awaiting) and not turn.place


def _interrupted(turn: Turn, draft: Draft, out: Outcome) -> bool:
    """Answer what is no answer to the open question. False: the stage shall read it."""
    if turn.intent in LEAVING:
        LEAVING[turn.intent](turn, out)
        out.draft = None
        return True
    if existing.number_asked_for(turn):
        existing.show_progress(turn, out)
        ask_again(draft, turn, out)
        return True
    if turn.intent not in INTERRUPTIONS or _answers_after_all(turn, draft):
        return False
    draft.collect(turn)
    INTERRUPTIONS[turn.intent](turn, out)
    ask_again(draft, turn, out)
    return True


def _answers_after_all(turn: Turn, draft: Draft) -> bool:
    """A place named where a place was asked answers, whatever the words sounded like; so does
    '我单独提' where it was asked whether to join others."""
    if draft.stage == "same":
        return same_matter.meant_by(turn) is not None
    return draft.stage in ("place", "correct_place") and turn.place is not None


def _hand_over_draft(turn: Turn, out: Outcome) -> None:
    draft = out.draft
    hand_over.hand_over(
        turn, out, said=draft.text if draft else "", messages=draft.messages if draft else []
    )


def _reply(key: str) -> Callable[[Turn, Outcome], None]:
    def answer(turn: Turn, out: Outcome) -> None:
        out.say(key)

    return answer


LEAVING: dict[str, Callable[[Turn, Outcome], None]] = {
    "ask_human": _hand_over_draft,
    "opt_out": subscription.opt_out,
}
INTERRUPTIONS: dict[str, Callable[[Turn, Outcome], None]] = {
    "check_progress": existing.show_progress,
    "opt_in": subscription.opt_in,
    "help": _reply("help_short"),
    "ask_privacy": _reply("privacy"),
    "abuse": _reply("calm"),
    "greet": _reply("here"),
    "greet_new": _reply("here"),
    "out_of_scope": _reply("back_to_matter"),
}
