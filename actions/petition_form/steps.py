"""What a stage of the form may do next: ask on, file, or drop the draft."""

from __future__ import annotations

from dataclasses import asdict

from actions.additions import addition
from actions.courtesy import tells
from actions.draft import Draft
from actions.outcome import Outcome
from actions.prompts import ask, ask_again
from actions.turn import Turn
from actions.words import words

SHORT = 12
"""Characters up to which an answer says no more than which of the offered things is meant."""


def proceed(turn: Turn, draft: Draft, out: Outcome) -> None:
    """Ask for what is still missing, or for the confirmation. Where they stand by a code they
    scanned need not be asked; the confirmation shows it, to be corrected."""
    if draft.words and not draft.place and turn.here is not None:
        draft.put_place(turn.here.place, turn.here.code)
    if not draft.words:
        draft.stage = "what"
    elif not draft.place:
        draft.stage = "place"
    else:
        draft.stage = "confirm"
    draft.asked = 0
    ask(draft, turn, out)


def put_again(turn: Turn, draft: Draft, out: Outcome) -> None:
    """Put the open question once more. What answered neither it nor anything else, and is more
    than a courtesy, is more of the matter."""
    if keep_more(turn, draft) and draft.stage in ("what", "confirm"):
        proceed(turn, draft, out)  # these questions depend on the words
    else:
        ask_again(draft, turn, out)


def keep_more(turn: Turn, draft: Draft) -> bool:
    """Add what the message tells beside courtesies, as written; False where it tells nothing."""
    if turn.chosen is not None or turn.text in draft.words or not tells(turn.text):
        return False
    return draft.add_words(turn.text)


def file_petition(turn: Turn, draft: Draft, out: Outcome) -> None:
    """File it; where others wait for the same already, ask first."""
    if turn.same is not None:
        draft.same = asdict(turn.same)
        draft.stage = "same"
        draft.asked = 0
        ask(draft, turn, out)
        return
    submit(turn, draft, out, asked=False)


def submit(
    turn: Turn, draft: Draft, out: Outcome, *, asked: bool = True, joins: str | None = None
) -> None:
    """File it at once, and go on with the matter that follows; the kind is left to triage unless
    the citizen named it. `asked`: the app need not look for others; `joins`: the petition of others
    that this one goes with."""
    out.do(
        "file_petition",
        kind=draft.kind,
        text=draft.text,
        place=draft.place,
        place_code=draft.place_code,
        since=draft.since,
        messages=draft.messages,
        **({"asked": True} if asked else {}),
        **({"joins": joins} if joins else {}),
        **({"anonymous": True} if draft.anonymous else {}),
    )
    if draft.phone:
        # The number does not exist yet; none means the newest, which is the one just filed.
        out.do("set_contact", number=None, phone=draft.phone, person=draft.person)
    if draft.following:
        out.awaiting = None
        out.draft = following = Draft(**draft.following[0])
        following.following = draft.following[1:]
        proceed(turn, following, out)
        return
    wanted = _still_wanted(turn, draft)
    if wanted:
        out.say("invite_more", wanted="、".join(wanted))
    out.draft = None
    out.awaiting = addition(turn)


def _still_wanted(turn: Turn, draft: Draft) -> list[str]:
    names = words()["wanted"]
    wanted = {
        "photo": not draft.media and turn.channel != "sms",
        "since": not draft.since,
        "phone": not draft.phone and not draft.anonymous and turn.channel != "sms",
    }
    return [names[name] for name, missing in wanted.items() if missing]


def drop(out: Outcome) -> None:
    """The matter under way is given up, and those that were to follow with it."""
    out.say("draft_dropped")
    out.draft = None
