"""Stages around the one confirmation: agreed, corrected, or more of the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from actions.answers import agreement, gives_up, only_objects
from actions.correction import Correction, correction
from actions.draft import Draft, unit_alone
from actions.meant import same_subject
from actions.outcome import Outcome
from actions.petition_form.by_voice import say_kept
from actions.petition_form.steps import SHORT, drop, file_petition, keep_more, proceed, put_again
from actions.prompts import ask, ask_again
from actions.turn import UNSURE, Turn
from actions.words import bare, named, satisfaction

BESIDE_A_YES = 6
"""Characters beside a yes from which the words are kept too."""
AROUND_A_NEW_PLACE = 16
"""Characters around a place up to which the words say where, rather than what."""
AROUND_A_CORRECTION = 6
"""Characters around a place put right ('不对，应该是…') that tell nothing more."""
BACK_TO_CONFIRMATION = frozenset({"cancel", "nothing_more", "deny", "affirm", "thank", "choose"})


def stage_confirm(turn: Turn, draft: Draft, out: Outcome) -> None:
    put_right = correction(turn.text)
    beside = agreement(turn.text)
    if put_right is None and beside is None and _sounds_like_another(turn, draft):
        draft.other = _other_matter(turn)
        draft.stage = "another"
        ask(draft, turn, out)
        return
    draft.collect(turn)
    if put_right is None and _agrees(turn, draft, beside):
        if beside and not turn.place:
            keep_more(turn, draft)
        elif beside and sum(map(len, beside)) > BESIDE_A_YES:
            draft.add_words(turn.text)
        file_petition(turn, draft, out)
    elif gives_up(turn):
        drop(out)
    elif _moves(turn, draft):
        _correct_place(turn, draft, out)
    elif put_right is not None:
        _put_right(turn, draft, put_right, out)
    elif unit := _unit_alone(turn, draft):
        draft.put_place(unit, None)
        draft.add_words(turn.text)
        proceed(turn, draft, out)
    elif turn.intent in ("correct", "deny", "go_back"):
        if only_objects(turn.text):
            _begin_correction(turn, draft, out)
        else:
            draft.add_words(turn.text)
            proceed(turn, draft, out)
    elif turn.media or _says_more(turn):
        if turn.media:
            say_kept(turn, out)
        if not draft.add_words(turn.text):
            out.say("too_long")
        proceed(turn, draft, out)
    else:
        put_again(turn, draft, out)


def _agrees(turn: Turn, draft: Draft, beside: Sequence[str] | None) -> bool:
    """'对', '废话，对！', '对，就是五里铺村', and also '还行', '挺好的' said of what we wrote."""
    if turn.intent == "rate" and beside is None:
        return len(bare(turn.text)) <= 4 and (satisfaction(turn.text) or 0) >= 3
    if turn.chosen is not None:
        return turn.intent == "affirm"
    if beside is None and turn.intent != "affirm":
        return False
    return not _names_another_place(turn, draft)


def _names_another_place(turn: Turn, draft: Draft) -> bool:
    return turn.place is not None and turn.place not in (draft.place or "")


def _unit_alone(turn: Turn, draft: Draft) -> str | None:
    """'是5组' to '沙坝村3组': another unit of the kind the place has, and nothing else."""
    unit = unit_alone(turn.text)
    return unit if unit and draft.place and draft.has_unit_like(unit) else None


def _moves(turn: Turn, draft: Draft) -> bool:
    """Whether the place they name is where it really is: '那段还是归五里铺村'."""
    if turn.place is None:
        return False
    if turn.intent in ("correct", "deny", "go_back", "inform", "send_location", "affirm"):
        return True
    around = len(bare(turn.text)) - len(bare(turn.place))
    return _names_another_place(turn, draft) and around <= AROUND_A_NEW_PLACE


def _sounds_like_another(turn: Turn, draft: Draft) -> bool:
    """Long, or of another place, and speaking of nothing that was spoken of before."""
    if turn.intent != "raise_petition":
        return False
    length, elsewhere = len(bare(turn.text)), _names_another_place(turn, draft)
    if elsewhere:
        return length > 6
    return length > SHORT and not same_subject(turn.text, draft.text)


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


def _put_right(turn: Turn, draft: Draft, put: Correction, out: Outcome) -> None:
    """'不是3号，是13号': what is replaced in the place or the time; the words stay as written."""
    if draft.place and put.wrong and put.wrong in draft.place:
        draft.put_place(draft.place.replace(put.wrong, put.right), None)
    elif named("fields", turn.text) == "place":
        draft.put_place(put.right, None)
    if draft.since and put.wrong and put.wrong in draft.since:
        draft.since = draft.since.replace(put.wrong, put.right)
    draft.add_words(turn.text)
    proceed(turn, draft, out)


def _correct_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    """'不对，是5号楼': the words stay with the petition where its text would contradict its place,
    or where they tell more."""
    assert turn.place is not None
    contradicted = draft.place is not None and draft.place in draft.text
    put_right = correction(turn.text)
    # The place as it stood, named only to be denied, tells nothing more either.
    denied = put_right.wrong if put_right and put_right.wrong == draft.place else None
    draft.put_place(turn.place, turn.place_code)
    around = len(bare(turn.text)) - len(bare(turn.place)) - len(bare(denied or ""))
    if contradicted or around > AROUND_A_CORRECTION:
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
    field, put_right = named("fields", turn.text), correction(turn.text)
    if turn.place:
        _correct_place(turn, draft, out)
    elif put_right is not None:
        _put_right(turn, draft, put_right, out)
    elif turn.intent in BACK_TO_CONFIRMATION:
        keep_more(turn, draft)
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
        put_right = correction(turn.text)
        place = turn.place or (put_right.right if put_right else turn.text)
        if not place:
            ask_again(draft, turn, out)
            return
        draft.put_place(place, turn.place_code)
        draft.add_words(turn.text)
    else:
        keep_more(turn, draft)
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
    else:
        keep_more(turn, draft)
    proceed(turn, draft, out)
