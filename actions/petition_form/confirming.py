"""Stages around the one confirmation: agreed, corrected, or more of the same."""

from __future__ import annotations

from typing import Any

from actions.draft import Draft
from actions.outcome import Outcome
from actions.petition_form.steps import SHORT, drop, file_petition, proceed
from actions.prompts import ask, ask_again
from actions.turn import UNSURE, Turn
from actions.words import bare, named, satisfaction

BACK_TO_CONFIRMATION = frozenset({"cancel", "nothing_more", "deny", "affirm", "thank", "choose"})


def stage_confirm(turn: Turn, draft: Draft, out: Outcome) -> None:
    if turn.intent == "raise_petition" and _sounds_like_another(turn, draft):
        draft.other = _other_matter(turn)
        draft.stage = "another"
        ask(draft, turn, out)
        return
    draft.collect(turn)
    if _agrees(turn):
        file_petition(turn, draft, out)
    elif turn.intent in ("cancel", "withdraw"):
        drop(out)
    elif turn.intent in ("correct", "deny", "inform", "send_location", "affirm") and turn.place:
        _correct_place(turn, draft, out)
    elif turn.intent in ("correct", "deny"):
        _begin_correction(turn, draft, out)
    elif turn.media or _says_more(turn):
        if turn.media:
            out.say("media_kept")
        if not draft.add_words(turn.text):
            out.say("too_long")
        proceed(turn, draft, out)
    else:
        ask_again(draft, turn, out)


def _agrees(turn: Turn) -> bool:
    """'对', and also '还行', '挺好的' said of what we wrote."""
    if turn.intent == "rate":
        return len(bare(turn.text)) <= 4 and (satisfaction(turn.text) or 0) >= 3
    return turn.intent == "affirm" and not turn.place


def _sounds_like_another(turn: Turn, draft: Draft) -> bool:
    elsewhere = turn.place is not None and turn.place not in (draft.place or "")
    return len(bare(turn.text)) > SHORT or (elsewhere and len(bare(turn.text)) > 6)


def _other_matter(turn: Turn) -> dict[str, Any]:
    other = Draft()
    other.collect(turn)
    other.add_words(turn.text)
    if turn.place:
        other.put_place(turn.place, turn.place_code)
    return other.to_slot()


def _says_more(turn: Turn) -> bool:
    if turn.intent == UNSURE and len(bare(turn.text)) > 6:
        return True
    return bool(turn.text) and turn.likely in ("raise_petition", "add_details", "inform")


def _correct_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    """'不对，是5号楼': the words stay with the petition, or its text would contradict its place."""
    assert turn.place is not None
    draft.put_place(turn.place, turn.place_code)
    draft.add_words(turn.text)
    proceed(turn, draft, out)


def _begin_correction(turn: Turn, draft: Draft, out: Outcome) -> None:
    field = named("fields", turn.text)
    draft.stage = f"correct_{field}" if field else "correct"
    draft.asked = 0
    ask(draft, turn, out)


def stage_correct(turn: Turn, draft: Draft, out: Outcome) -> None:
    if turn.chosen is not None:
        field = turn.chosen.get("field")
        draft.stage = f"correct_{field}" if field in ("place", "what") else "confirm"
        ask(draft, turn, out)
        return
    draft.collect(turn)
    field = named("fields", turn.text)
    if turn.place:
        _correct_place(turn, draft, out)
    elif turn.intent in BACK_TO_CONFIRMATION:
        proceed(turn, draft, out)
    elif field and len(bare(turn.text)) <= SHORT:
        draft.stage = f"correct_{field}"
        ask(draft, turn, out)
    elif len(bare(turn.text)) > 3:
        draft.add_words(turn.text)
        proceed(turn, draft, out)
    else:
        ask_again(draft, turn, out)


def stage_correct_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.intent not in BACK_TO_CONFIRMATION or turn.place:
        place = turn.place or turn.text
        if not place:
            ask_again(draft, turn, out)
            return
        draft.put_place(place, turn.place_code)
        draft.add_words(turn.text)
    proceed(turn, draft, out)


def stage_correct_what(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.intent not in BACK_TO_CONFIRMATION:
        if not turn.text:
            ask_again(draft, turn, out)
            return
        draft.words = [turn.text]
        if turn.place:
            draft.put_place(turn.place, turn.place_code)
    proceed(turn, draft, out)
