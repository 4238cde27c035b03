"""Stages that gather what is missing: what it is about, and where."""

from __future__ import annotations

from actions.answers import agreement, gives_up
from actions.correction import correction
from actions.courtesy import tells
from actions.draft import Draft, is_vague
from actions.matter import kind_named
from actions.outcome import Outcome
from actions.petition_form import matters
from actions.petition_form.by_voice import file_by_voice, is_only_voice, say_kept
from actions.petition_form.steps import drop, proceed, put_again
from actions.prompts import ask, ask_again
from actions.turn import Turn
from actions.words import bare, named, words

PLACE_TRIES = 2
AROUND_A_PLACE = 4
"""Characters beside a place ('我是…的', '就在…') that tell nothing more."""
SHORTEST_PLACE = 4
"""Characters below which a courtesy ('好的') is no place, however often we asked."""
SHORT_PLACE = 6
"""Characters up to which an answer to 'where?' is a place, whatever it sounds like."""
STORY = 20
"""Characters from which an answer to 'where?' is more of the story rather than a place."""

NOT_A_MATTER = frozenset({"affirm", "thank", "rate", "choose", "dont_know", "correct", "remind"})
NOT_A_PLACE = frozenset({"affirm", "thank", "start_petition", "remind", "rate", "correct"})
A_STORY = frozenset({"raise_petition", "add_details", "out_of_scope", "abuse"})
GIVING_UP = frozenset({"cancel", "nothing_more", "deny", "withdraw"})


def stage_what(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if turn.place and not is_vague(turn.place):
        draft.put_place(turn.place, turn.place_code)
    if turn.intent in GIVING_UP:
        drop(out)
    elif is_only_voice(turn):
        file_by_voice(turn, draft, out)
    elif turn.intent == "start_petition":
        draft.kind = named("kinds", turn.text) or draft.kind
        ask_again(draft, turn, out, closer="ask_what_closer")
    elif _is_matter(turn):
        draft.kind = kind_named(turn.text) or draft.kind
        draft.add_words(turn.text)
        if matters.holds_several(draft):
            draft.stage = "two"
            ask(draft, turn, out)
        else:
            proceed(turn, draft, out)
    else:
        put_again(turn, draft, out)


def _is_matter(turn: Turn) -> bool:
    """Any words do for a matter, but a bare place, a bare number and short chatter do not."""
    said = bare(turn.text)
    if turn.place and bare(turn.place) == said:
        return False
    if turn.intent in NOT_A_MATTER:
        return len(said) > 8
    return len(said) >= 2


def stage_place(turn: Turn, draft: Draft, out: Outcome) -> None:
    draft.collect(turn)
    if gives_up(turn):
        drop(out)
        return
    if turn.media and not turn.text:
        say_kept(turn, out)
        ask(draft, turn, out)
        return
    if _tells_more(turn):
        draft.add_words(turn.text)
        ask(draft, turn, out)
        return
    place = _place_meant(turn, draft)
    if place is None:
        put_again(turn, draft, out)
        return
    if _says_more_than(place, turn) and turn.text not in draft.words:
        draft.add_words(turn.text)
    draft.put_place(place, turn.place_code if place == turn.place else None)
    for other in draft.following:  # told in the same breath
        if "place" not in other:
            other |= {"place": draft.place, "place_code": draft.place_code}
    proceed(turn, draft, out)


def _says_more_than(place: str, turn: Turn) -> bool:
    """'就在那儿，我腿不好': what stands beside a place, or beside the yes to the one offered."""
    if place == turn.home_place and not turn.place:
        return tells(turn.text)
    return len(bare(turn.text)) > len(bare(place)) + AROUND_A_PLACE


def _tells_more(turn: Turn) -> bool:
    """'三天了', a phone: an answer to another question than 'where?', and kept with the matter."""
    if turn.place or turn.chosen is not None:
        return False
    told = [turn.entities[name] for name in ("time", "phone") if name in turn.entities]
    return bool(told) and len(bare(turn.text)) <= sum(map(len, told)) + AROUND_A_PLACE


def _place_meant(turn: Turn, draft: Draft) -> str | None:
    """The place an answer to 'where?' means; None: ask once more."""
    if turn.chosen is not None:
        value = turn.chosen.get("value") if turn.chosen.get("field") == "place" else None
        return str(value) if value else None
    if turn.place:
        return turn.place
    offered = draft.offered or turn.home_place
    if offered and (turn.intent == "affirm" or agreement(turn.text) is not None):
        return offered
    if turn.intent in ("dont_know", "nothing_more", "deny"):
        return str(words()["place_unknown"])
    said = bare(turn.text)
    tries_left = draft.asked + 1 < PLACE_TRIES
    if not said or (turn.intent in NOT_A_PLACE and tries_left):
        return None
    if turn.intent in NOT_A_PLACE and (len(said) < SHORTEST_PLACE or tells(turn.text)):
        return str(words()["place_unknown"])
    put_right = correction(turn.text)
    if put_right is not None:
        return put_right.right
    more = turn.likely in A_STORY and len(said) > SHORT_PLACE
    if (more and tries_left) or turn.text.startswith(tuple(words()["wishing"])):
        draft.add_words(turn.text)  # more of the story: '乱收停车费，一个月涨到300'
        return None
    if len(said) > STORY:
        if tries_left:
            draft.add_words(turn.text)
            return None
        return str(words()["place_unknown"])
    return turn.text
