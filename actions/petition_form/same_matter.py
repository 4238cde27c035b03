"""The stage that asks whether to join what others at the place wait for already."""

from __future__ import annotations

from actions.answers import gives_up
from actions.draft import Draft
from actions.outcome import Outcome
from actions.petition_form.steps import SHORT, drop, proceed, submit
from actions.prompts import ask_again
from actions.turn import Turn
from actions.words import bare, named


def stage_same(turn: Turn, draft: Draft, out: Outcome) -> None:
    """Join, or file by itself; whatever more is said belongs to the petition, which is then
    confirmed anew."""
    same, meant = draft.same or {}, meant_by(turn)
    if meant == "join":
        submit(turn, draft, out, joins=same.get("number"))
    elif meant == "alone":
        submit(turn, draft, out)
    elif gives_up(turn):
        drop(out)
    elif turn.media or (turn.chosen is None and len(bare(turn.text)) > SHORT):
        draft.collect(turn)
        draft.add_words(turn.text)
        draft.same = None
        proceed(turn, draft, out)
    else:
        ask_again(draft, turn, out)


def meant_by(turn: Turn) -> str | None:
    """'join' or 'alone'; None where the words answer something else."""
    if turn.chosen is not None:
        value = turn.chosen.get("value") if turn.chosen.get("field") == "same" else None
        return str(value) if value else None
    if len(bare(turn.text)) > SHORT:
        return None
    said = named("joining", turn.text)
    if said is not None:
        return said
    return {"affirm": "join", "deny": "alone", "nothing_more": "alone"}.get(turn.intent)
