"""Raising a petition: what, where, one confirmation, then it is filed.

A small state machine. `Draft.stage` is the question last asked; each stage has one function, in
the modules beside this one, that reads the answer. Whatever else a citizen says meanwhile is
answered first (`INTERRUPTIONS`), then the open question is put again, so nothing said so far is
lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions import (
    additions,
    awaited,
    either_or,
    existing,
    guide,
    hand_over,
    rating,
    subscription,
)
from actions.additions import corrects_the_last, soon_after_filing
from actions.answers import agreement, is_lonely
from actions.company import keep_company
from actions.continuing import offered_to_ask
from actions.courtesy import asks_us, tells
from actions.draft import Draft, is_vague
from actions.either_or import held_lately
from actions.matter import kind_named, tells_a_matter
from actions.outcome import Outcome
from actions.petition_form import by_voice, confirming, gathering, matters, same_matter, undo
from actions.petition_form.gathering import AROUND_A_PLACE
from actions.petition_form.steps import drop, keep_more, proceed, put_again
from actions.prompts import ask, ask_again
from actions.turn import Turn
from actions.words import bare, named, words

STAGES: dict[str, Callable[[Turn, Draft, Outcome], None]] = {
    "what": gathering.stage_what,
    "place": gathering.stage_place,
    "confirm": confirming.stage_confirm,
    "correct": confirming.stage_correct,
    "correct_place": confirming.stage_correct_place,
    "correct_what": confirming.stage_correct_what,
    "another": matters.stage_another,
    "two": matters.stage_two,
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
    if guide.asked(turn):
        _show_guide(turn, draft, out)
    elif draft is None and _is_no_new_matter(turn, awaiting, out):
        return out
    elif draft is None:
        out.draft = draft = Draft()
        out.awaiting = None
        _begin(turn, draft, awaiting, out)
    elif turn.intent == "go_back" and turn.place is None:
        _go_back(turn, draft, out)
    elif not _interrupted(turn, draft, out):
        snapshot = undo.before(draft)
        STAGES[draft.stage](turn, draft, out)
        if out.draft is draft:
            undo.remember(snapshot, draft)
    return out


def _show_guide(turn: Turn, draft: Draft | None, out: Outcome) -> None:
    """A question of procedure; a matter under way goes on after it."""
    remembered = out.awaiting
    guide.show(turn, out)
    if draft is None:
        return
    if draft.words:
        draft.collect(turn)
        if any(word in turn.text for word in words()["wanting"]):
            keep_more(turn, draft)  # '想申请护理补贴，不晓得咋弄' is what they want, too
        out.awaiting = remembered  # a yes is about the matter, not about the entry
        ask_again(draft, turn, out)
    else:
        out.draft = None  # '我要咨询', and this is what they wanted to know


def _is_no_new_matter(turn: Turn, awaiting: dict[str, Any] | None, out: Outcome) -> bool:
    """What sounds like a matter and puts right, hurries or is none: answered here."""
    if turn.chosen is not None:
        return False
    if corrects_the_last(turn, awaiting):
        additions.add(turn, out)
    elif existing.urges(turn):
        existing.remind(turn, out)
    elif is_lonely(turn.text) and not turn.place:
        keep_company(turn, out)
    else:
        return False
    return True


def _go_back(turn: Turn, draft: Draft, out: Outcome) -> None:
    """To the question before; from the first one to what can be changed, or out."""
    earlier = undo.step_back(draft)
    if earlier is not None:
        out.draft = earlier
        ask(earlier, turn, out)
    elif draft.words and draft.place:
        draft.stage = "correct"
        ask(draft, turn, out)
    elif draft.words:
        draft.stage = "correct_what"
        ask(draft, turn, out)
    else:
        drop(out)


def _begin(turn: Turn, draft: Draft, awaiting: dict[str, Any] | None, out: Outcome) -> None:
    """Take the first message: a matter, a place, a photo, or only the wish to raise something."""
    draft.collect(turn)
    picked = either_or.picked(turn, awaiting) == either_or.RAISE
    if awaiting and awaiting["for"] == "held" and _continues(turn, awaiting):
        draft.add_words(awaiting["text"])
        draft.messages = [*awaiting["messages"], *draft.messages]
        draft.since = awaiting.get("since") or draft.since
        draft.phone = awaiting.get("phone") or draft.phone
        draft.kind = awaiting.get("kind")
    draft.anonymous = draft.anonymous or bool(awaiting and awaiting["for"] == "unnamed")
    if picked:
        draft.kind = kind_named(turn.text) or draft.kind  # '要反映' is an answer, no words of it
    elif turn.intent == "start_petition":
        draft.kind = named("kinds", turn.text)
        draft.words = []  # what was held stands apart from what they announce now
    elif not _only_names_a_place(turn) and not offered_to_ask(turn, awaiting):
        draft.kind = kind_named(turn.text) or draft.kind
        draft.add_words(turn.text)
    if turn.place and not is_vague(turn.place):
        draft.put_place(turn.place, turn.place_code)
    if by_voice.is_only_voice(turn) and not draft.words:
        by_voice.file_by_voice(turn, draft, out)
    elif _may_belong_to_the_last(turn, awaiting):
        draft.stage = "addition"
        ask(draft, turn, out)
    elif matters.holds_several(draft):
        draft.stage = "two"
        ask(draft, turn, out)
    else:
        proceed(turn, draft, out)


def _continues(turn: Turn, held: dict[str, Any]) -> bool:
    """Whether the matter that begins now includes what we did not understand a moment ago."""
    return turn.chosen is not None or held_lately(turn, held)


def _only_names_a_place(turn: Turn) -> bool:
    """'我是柳湾镇的', a location sent: the matter is still to come."""
    if turn.intent == "send_location":
        return True
    beyond = len(bare(turn.text)) - len(bare(turn.place or ""))
    return turn.intent in NO_MATTER and turn.place is not None and beyond <= AROUND_A_PLACE


def _may_belong_to_the_last(turn: Turn, awaiting: dict[str, Any] | None) -> bool:
    """Words or photos soon after filing that name no place of their own."""
    if not turn.open_petitions or turn.chosen is not None or turn.intent == "start_petition":
        return False
    if turn.intent in ("send_media", "add_details"):
        return True
    return soon_after_filing(turn, awaiting) and not turn.place


def _interrupted(turn: Turn, draft: Draft, out: Outcome) -> bool:
    """Answer what is no answer to the open question. False: the stage shall read it."""
    if turn.command in COMMANDS:
        COMMANDS[turn.command](turn, out)
        ask_again(draft, turn, out)
        return True
    if turn.intent in LEAVING:
        LEAVING[turn.intent](turn, out)
        out.draft = None
        return True
    if turn.intent == "greet_new" and turn.here and draft.stage in ("place", "correct_place"):
        draft.put_place(turn.here.place, turn.here.code)
        proceed(turn, draft, out)
        return True
    if existing.number_asked_for(turn):
        existing.show_progress(turn, out)
        ask_again(draft, turn, out)
        return True
    if turn.intent not in INTERRUPTIONS or _answers_after_all(turn, draft):
        return False
    if turn.intent == "remind" and not turn.open_petitions:
        return False
    draft.collect(turn)
    if turn.intent in SMALL_TALK and tells(turn.text) and not asks_us(turn.text):
        put_again(turn, draft, out)  # '你好，我八十一了，上不去', or what only sounded like chat
        return True
    if turn.intent == "abuse" and tells_a_matter(turn):
        keep_more(turn, draft)
    INTERRUPTIONS[turn.intent](turn, out)
    ask_again(draft, turn, out)
    return True


def _answers_after_all(turn: Turn, draft: Draft) -> bool:
    """A place named where a place was asked answers, whatever the words sounded like; so do a yes
    where the confirmation was and '我单独提' where it was asked whether to join others."""
    if draft.stage in ("place", "correct_place"):
        return turn.place is not None
    if draft.stage == "confirm":
        return turn.intent not in ASKING and agreement(turn.text) is not None
    if draft.stage == "same":
        return same_matter.meant_by(turn) is not None
    return draft.stage == "what" and turn.intent == "abuse" and tells_a_matter(turn)


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
# Buttons of the menu that the matter under way outlasts; it is asked on about after them.
COMMANDS: dict[str, Callable[[Turn, Outcome], None]] = {
    "petition": _reply("back_to_matter"),
    "guide": _reply("guide_asked_for"),
    "rate": rating.rate_unasked,
    "remind": existing.remind,
    "human": _hand_over_draft,
}
NO_MATTER = frozenset({"inform", "out_of_scope", "nlu_fallback", "greet"})
ASKING = frozenset({"check_progress", "opt_in", "help", "ask_privacy", "ask_identity", "remind"})
SMALL_TALK = frozenset({"greet", "greet_new", "out_of_scope"})
INTERRUPTIONS: dict[str, Callable[[Turn, Outcome], None]] = {
    "check_progress": existing.show_progress,
    "remind": existing.remind,
    "opt_in": subscription.opt_in,
    "help": _reply("help_short"),
    "ask_identity": _reply("identity"),
    "ask_privacy": _reply("privacy"),
    "abuse": _reply("calm"),
    "greet": _reply("here"),
    "greet_new": _reply("here"),
    "out_of_scope": _reply("back_to_matter"),
}
