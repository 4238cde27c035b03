"""Raising a petition: what, where, one confirmation, then it is filed.

A small state machine. `Draft.stage` is the question last asked; each stage has one function below
that reads the answer. Whatever else a citizen says meanwhile is answered first (`INTERRUPTIONS`),
then the open question is put again, so nothing said so far is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions import awaited, existing, hand_over, subscription
from actions.additions import addition, soon_after_filing
from actions.draft import Draft
from actions.outcome import Outcome
from actions.prompts import ask, ask_again
from actions.turn import UNSURE, Turn
from actions.words import bare, named, satisfaction, words

PLACE_TRIES = 2
AROUND_A_PLACE = 4
"""Characters beside a place ('我是…的', '就在…') that tell nothing more."""
SHORT = 12
"""Characters up to which words sent while confirming are taken for more of the same matter."""
STORY = 20
"""Characters from which an answer to 'where?' is more of the story rather than a place."""

BACK_TO_CONFIRMATION = frozenset({"cancel", "nothing_more", "deny", "affirm", "thank", "choose"})
NOT_A_MATTER = frozenset({"affirm", "thank", "rate", "choose", "dont_know", "correct", "remind"})
NOT_A_PLACE = frozenset({"affirm", "thank", "start_petition", "remind", "rate", "correct"})
GIVING_UP = frozenset({"cancel", "nothing_more", "deny", "withdraw"})


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
        _proceed(turn, draft, out)


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


def _proceed(turn: Turn, draft: Draft, out: Outcome) -> None:
    """Ask for what is still missing, or for the confirmation."""
    if not draft.words:
        draft.stage = "what"
    elif not draft.place:
        draft.stage = "place"
    else:
        draft.stage = "confirm"
    draft.asked = 0
    ask(draft, turn, out)


# ---------------------------------------------------------------- interruptions


def _interrupted(turn: Turn, draft: Draft, out: Outcome) -> bool:
    """Answer what is no answer to the open question. False: the stage shall read it."""
    if turn.intent in LEAVING:
        LEAVING[turn.intent](turn, out)
        out.draft = None
        return True
    if turn.intent not in INTERRUPTIONS or _answers_after_all(turn, draft):
        return False
    draft.collect(turn)
    INTERRUPTIONS[turn.intent](turn, out)
    ask_again(draft, turn, out)
    return True


def _answers_after_all(turn: Turn, draft: Draft) -> bool:
    """A place named where a place was asked answers, whatever the words sounded like."""
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


# ---------------------------------------------------------------- stages


def _stage_what(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.place:
        draft.put_place(turn.place, turn.place_code)
    if turn.intent in GIVING_UP:
        _drop(out)
    elif turn.intent == "start_petition":
        draft.kind = named("kinds", turn.text) or draft.kind
        ask_again(draft, turn, out, closer="ask_what_closer")
    elif _is_matter(turn):
        draft.add_words(turn.text)
        _proceed(turn, draft, out)
    else:
        ask_again(draft, turn, out)


def _is_matter(turn: Turn) -> bool:
    """Any words do for a matter, but a bare place, a bare number and short chatter do not."""
    said = bare(turn.text)
    if turn.place and bare(turn.place) == said:
        return False
    if turn.intent in NOT_A_MATTER:
        return len(said) > 8
    return len(said) >= 2


def _stage_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.intent in ("cancel", "withdraw"):
        _drop(out)
        return
    if turn.media and not turn.text:
        out.say("media_kept")
        ask(draft, turn, out)
        return
    place = _place_meant(turn, draft)
    if place is None:
        ask_again(draft, turn, out)
        return
    if len(bare(turn.text)) > len(bare(place)) + AROUND_A_PLACE:
        draft.add_words(turn.text)
    draft.put_place(place, turn.place_code if place == turn.place else None)
    _proceed(turn, draft, out)


def _place_meant(turn: Turn, draft: Draft) -> str | None:
    """The place an answer to 'where?' means; None: ask once more."""
    if turn.chosen is not None:
        value = turn.chosen.get("value") if turn.chosen.get("field") == "place" else None
        return str(value) if value else None
    if turn.place:
        return turn.place
    if turn.intent == "affirm" and turn.home_place:
        return turn.home_place
    if turn.intent in ("dont_know", "nothing_more", "deny"):
        return str(words()["place_unknown"])
    said = bare(turn.text)
    tries_left = draft.asked + 1 < PLACE_TRIES
    if not said or (turn.intent in NOT_A_PLACE and tries_left):
        return None
    if len(said) > STORY:
        if tries_left:
            draft.add_words(turn.text)
            return None
        return str(words()["place_unknown"])
    return turn.text


def _stage_confirm(turn: Turn, draft: Draft, out: Outcome) -> None:
    if turn.intent == "raise_petition" and _sounds_like_another(turn, draft):
        draft.other = _other_matter(turn)
        draft.stage = "another"
        ask(draft, turn, out)
        return
    draft.collect(turn)
    if _agrees(turn):
        file_petition(turn, draft, out)
    elif turn.intent in ("cancel", "withdraw"):
        _drop(out)
    elif turn.intent in ("correct", "deny", "inform", "send_location", "affirm") and turn.place:
        _correct_place(turn, draft, out)
    elif turn.intent in ("correct", "deny"):
        _begin_correction(turn, draft, out)
    elif turn.media or _says_more(turn):
        if turn.media:
            out.say("media_kept")
        if not draft.add_words(turn.text):
            out.say("too_long")
        _proceed(turn, draft, out)
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
    _proceed(turn, draft, out)


def _begin_correction(turn: Turn, draft: Draft, out: Outcome) -> None:
    field = named("fields", turn.text)
    draft.stage = f"correct_{field}" if field else "correct"
    draft.asked = 0
    ask(draft, turn, out)


def _stage_correct(turn: Turn, draft: Draft, out: Outcome) -> None:
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
        _proceed(turn, draft, out)
    elif field and len(bare(turn.text)) <= SHORT:
        draft.stage = f"correct_{field}"
        ask(draft, turn, out)
    elif len(bare(turn.text)) > 3:
        draft.add_words(turn.text)
        _proceed(turn, draft, out)
    else:
        ask_again(draft, turn, out)


def _stage_correct_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.intent not in BACK_TO_CONFIRMATION or turn.place:
        place = turn.place or turn.text
        if not place:
            ask_again(draft, turn, out)
            return
        draft.put_place(place, turn.place_code)
        draft.add_words(turn.text)
    _proceed(turn, draft, out)


def _stage_correct_what(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.intent not in BACK_TO_CONFIRMATION:
        if not turn.text:
            ask_again(draft, turn, out)
            return
        draft.words = [turn.text]
        if turn.place:
            draft.put_place(turn.place, turn.place_code)
    _proceed(turn, draft, out)


def _stage_another(turn: Turn, draft: Draft, out: Outcome) -> None:
    """A second matter came before the first was confirmed: keep both, let the citizen say."""
    other = Draft.from_slot(draft.other) or Draft()
    meant = _matter_meant(turn)
    draft.other = None
    if meant == "other":
        file_petition(turn, draft, out, invite=False)
        out.awaiting = None
        out.draft = other
        _proceed(turn, other, out)
    elif meant == "only":
        out.draft = other
        _proceed(turn, other, out)
    elif meant == "same":
        _join(draft, other)
        _keep_answer(turn, draft)
        _proceed(turn, draft, out)
    elif turn.intent == "cancel":
        _drop(out)
    else:
        other.collect(turn)
        other.add_words(turn.text)
        draft.other = other.to_slot()
        ask_again(draft, turn, out)


def _stage_addition(turn: Turn, draft: Draft, out: Outcome) -> None:
    """Does this belong to the petition filed last? Unclear twice: take it for a new one."""
    meant = _matter_meant(turn)
    if meant == "same" and turn.open_petitions:
        _keep_answer(turn, draft)
        out.do(
            "add_to_petition",
            number=turn.open_petitions[0].number,
            text=draft.text,
            messages=draft.messages,
        )
        out.draft = None
        out.awaiting = addition(turn)
    elif meant in ("other", "only"):
        _keep_answer(turn, draft)
        _proceed(turn, draft, out)
    elif turn.intent in ("cancel", "nothing_more"):
        _drop(out)
    else:
        draft.collect(turn)
        draft.add_words(turn.text)
        if turn.place:
            draft.put_place(turn.place, turn.place_code)
        if draft.asked or turn.place or not turn.open_petitions:
            _proceed(turn, draft, out)
        else:
            ask_again(draft, turn, out)


def _matter_meant(turn: Turn) -> str | None:
    if turn.chosen is not None:
        value = turn.chosen.get("value")
        return str(value) if value else None
    if turn.intent == "affirm":
        return "same"
    if turn.intent in ("deny", "start_petition"):
        return "other"
    return named("matters", turn.text)


def _keep_answer(turn: Turn, draft: Draft) -> None:
    """'同一件，另外灯也坏了': an answer in words may say more than which matter is meant."""
    draft.collect(turn)
    if len(bare(turn.text)) > SHORT:
        draft.add_words(turn.text)


def _join(draft: Draft, other: Draft) -> None:
    draft.add_words(other.text)
    draft.messages += other.messages
    draft.media += other.media
    draft.since = draft.since or other.since
    draft.phone = draft.phone or other.phone
    draft.person = draft.person or other.person


STAGES: dict[str, Callable[[Turn, Draft, Outcome], None]] = {
    "what": _stage_what,
    "place": _stage_place,
    "confirm": _stage_confirm,
    "correct": _stage_correct,
    "correct_place": _stage_correct_place,
    "correct_what": _stage_correct_what,
    "another": _stage_another,
    "addition": _stage_addition,
}


# ---------------------------------------------------------------- endings


def file_petition(turn: Turn, draft: Draft, out: Outcome, *, invite: bool = True) -> None:
    """File it; the kind is left to triage unless the citizen named it."""
    out.do(
        "file_petition",
        kind=draft.kind,
        text=draft.text,
        place=draft.place,
        place_code=draft.place_code,
        since=draft.since,
        messages=draft.messages,
    )
    if draft.phone:
        # The number does not exist yet; none means the newest, which is the one just filed.
        out.do("set_contact", number=None, phone=draft.phone, person=draft.person)
    wanted = _still_wanted(turn, draft)
    if invite and wanted:
        out.say("invite_more", wanted="、".join(wanted))
    out.draft = None
    out.awaiting = addition(turn)


def _still_wanted(turn: Turn, draft: Draft) -> list[str]:
    names = words()["wanted"]
    wanted = {
        "photo": not draft.media and turn.channel != "sms",
        "since": not draft.since,
        "phone": not draft.phone and turn.channel != "sms",
    }
    return [names[name] for name, missing in wanted.items() if missing]


def _drop(out: Outcome) -> None:
    out.say("draft_dropped")
    out.draft = None
