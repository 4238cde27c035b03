"""Stages that tell one matter from another: a second one, or more of the petition filed last."""

from __future__ import annotations

from actions.additions import addition
from actions.answers import gives_up
from actions.draft import Draft
from actions.matter import enumerated
from actions.outcome import Outcome
from actions.petition_form.steps import SHORT, drop, file_petition, proceed
from actions.prompts import ask_again
from actions.turn import Turn
from actions.words import bare, named


def stage_another(turn: Turn, draft: Draft, out: Outcome) -> None:
    """A second matter came before the first was confirmed: keep both, let the citizen say."""
    other = Draft.from_slot(draft.other) or Draft()
    meant = _matter_meant(turn)
    draft.other = None
    if meant == "other":
        draft.following = [other.to_slot(), *draft.following]
        file_petition(turn, draft, out)
    elif meant == "only":
        out.draft = other
        proceed(turn, other, out)
    elif meant == "same":
        _join(draft, other)
        _keep_answer(turn, draft)
        proceed(turn, draft, out)
    elif gives_up(turn):
        drop(out)
    else:
        other.collect(turn)
        other.add_words(turn.text)
        draft.other = other.to_slot()
        ask_again(draft, turn, out)


def stage_two(turn: Turn, draft: Draft, out: Outcome) -> None:
    """One message seems to hold several matters: as one, or one after the other?"""
    meant = _matter_meant(turn)
    if meant == "other":
        _separate(draft)
        proceed(turn, draft, out)
    elif meant is not None:
        _keep_answer(turn, draft)
        proceed(turn, draft, out)
    elif gives_up(turn):
        drop(out)
    elif draft.asked:
        # Unclear twice: one petition holds all of it, and an official can tell.
        draft.collect(turn)
        draft.add_words(turn.text)
        proceed(turn, draft, out)
    else:
        draft.collect(turn)
        if len(bare(turn.text)) > SHORT:
            draft.add_words(turn.text)
        ask_again(draft, turn, out)


def holds_several(draft: Draft) -> bool:
    """Whether the words count up matters of their own."""
    return len(enumerated(draft.text)) > 1


def _separate(draft: Draft) -> None:
    """The first stays, the others follow; what was said of all of them goes with each."""
    first, *others = enumerated(draft.text)
    draft.words = [first]
    shared = {
        name: value
        for name, value in draft.to_slot().items()
        if name in ("messages", "place", "place_code", "phone", "person", "anonymous", "media")
    }
    draft.following = [{**shared, "words": [one]} for one in others]


def stage_addition(turn: Turn, draft: Draft, out: Outcome) -> None:
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
        proceed(turn, draft, out)
    elif gives_up(turn) or turn.intent == "nothing_more":
        drop(out)
    else:
        draft.collect(turn)
        draft.add_words(turn.text)
        if turn.place:
            draft.put_place(turn.place, turn.place_code)
        if draft.asked or turn.place or not turn.open_petitions:
            proceed(turn, draft, out)
        else:
            ask_again(draft, turn, out)


def _matter_meant(turn: Turn) -> str | None:
    if turn.chosen is not None:
        value = turn.chosen.get("value")
        return str(value) if value else None
    said = named("matters", turn.text)
    if said is None and turn.intent == "affirm":
        return "same"
    if said is None and turn.intent in ("deny", "start_petition"):
        return "other"
    return said


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
