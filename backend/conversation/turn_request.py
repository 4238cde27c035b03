"""From waiting messages to the question for the bot (bot/schema/turn_request.schema.json)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.clock import SHANGHAI
from backend.conversation.choice import chosen
from backend.conversation.fragments import Waiting
from backend.conversation.menu_commands import command_of
from backend.conversation.scanned import Scanned
from backend.triage.cleaning import clean

SCHEMA = 1
LONGEST_TEXT = 2000
# Kinds whose text is the citizen's words: a voice has those that WeChat recognised.
SAID = ("text", "voice")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the bot is told besides the message. `guide`: the entry it asks for; `petition`: how
    likely it raises a matter, as the app reads it; `here`: the village whose QR code the citizen
    scanned lately; `nearby`: where the citizen is just now."""

    petitions: Sequence[Mapping[str, Any]]
    home_place: str | None
    opted_out: bool
    survey: Mapping[str, Any] | None = None
    guide: str | None = None
    petition: float = 0.0
    here: Scanned | None = None
    nearby: str | None = None


def chosen_option(
    messages: Sequence[Waiting], prompt: Mapping[str, Any] | None
) -> tuple[int, str] | None:
    """(index, payload) when the turn is one short answer to the last prompt, written or said."""
    if prompt is None or len(messages) != 1 or messages[0].kind not in SAID:
        return None
    index = chosen(clean(messages[0].text).text, prompt["options"])
    return None if index is None else (index, prompt["options"][index]["payload"])


def cleaned_text(
    messages: Sequence[Waiting], place_words: Callable[[Mapping[str, Any]], str]
) -> str:
    """The words of all fragments, for reading; `place_words` gives those of a place that was
    sent (latitude, longitude, label)."""
    texts = (clean(_words(message, place_words)).text for message in messages)
    return "\n".join(filter(None, texts))[:LONGEST_TEXT]


def _words(message: Waiting, place_words: Callable[[Mapping[str, Any]], str]) -> str:
    if message.kind == "location" and message.detail:
        return place_words(message.detail)
    return message.text if message.kind != "event" else ""


def build(
    *,
    turn_id: int,
    channel: str,
    now: datetime,
    state: Mapping[str, Any] | None,
    messages: Sequence[Waiting],
    text: str,
    entities: Sequence[Mapping[str, Any]],
    prompt: Mapping[str, Any] | None,
    around: Surroundings,
) -> dict[str, Any]:
    """The request; `text` and `entities` were read together, so their offsets agree."""
    first = messages[0]
    choice = chosen_option(messages, prompt)
    command = command_of(first)
    return {
        "schema": SCHEMA,
        "turn_id": str(turn_id),
        "channel": channel,
        "now": now.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "state": state,
        "message": {
            "kind": _kind(messages),
            "text": text,
            "ids": [message.id for message in messages],
            "media": sum(message.media_count for message in messages),
            "choice": choice[1] if choice else None,
            "event": first.detail.get("event") if first.kind == "event" and first.detail else None,
            "internal": first.detail if first.kind == "internal" else None,
            **({"command": command} if command else {}),
        },
        "entities": list(entities),
        "context": {
            "petitions": list(around.petitions),
            "prompt": {"key": prompt["key"], "options": prompt["options"]} if prompt else None,
            "home_place": around.home_place,
            "opted_out": around.opted_out,
            "survey": around.survey,
            "guide": around.guide if choice is None else None,
            "petition": around.petition,
            **_here(around.here),
            "nearby": around.nearby,
        },
    }


def _here(scanned: Scanned | None) -> dict[str, Any]:
    if scanned is None or not scanned.place:
        return {}
    return {"here": {"place": scanned.place, "code": scanned.place_code}}


def _kind(messages: Sequence[Waiting]) -> str:
    """What was written counts before what was spoken, and that before pictures."""
    kinds = [message.kind for message in messages]
    return next((kind for kind in SAID if kind in kinds), kinds[0])
