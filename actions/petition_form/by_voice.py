"""A voice that nobody wrote down for us: kept, and filed for an official to listen to.

Whoever speaks may be unable to write, so nothing is asked first; what they can say in words is
added afterwards.
"""

from __future__ import annotations

from actions.additions import spoken
from actions.draft import Draft
from actions.outcome import Outcome
from actions.turn import Turn
from actions.words import words


def is_only_voice(turn: Turn) -> bool:
    """A voice without recognised words."""
    return turn.kind == "voice" and turn.media > 0 and not turn.text and turn.chosen is None


def file_by_voice(turn: Turn, draft: Draft, out: Outcome) -> None:
    """File what was collected; its words say that a voice is to be listened to."""
    out.do(
        "file_petition",
        kind=draft.kind,
        text=words()["voice_to_hear"],
        place=draft.place or words()["place_unknown"],
        place_code=draft.place_code,
        since=draft.since,
        messages=draft.messages,
        asked=True,
        by_voice=True,
        **({"anonymous": True} if draft.anonymous else {}),
    )
    out.draft = None
    out.awaiting = spoken(turn)


def say_kept(turn: Turn, out: Outcome) -> None:
    """Photos, films or voices that go with the matter under way."""
    out.say("voice_kept" if turn.kind == "voice" else "media_kept")
