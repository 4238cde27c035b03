"""One turn as the dialogue sees it: what the app read, out of Rasa's tracker, in plain types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from actions.correction import is_denied
from actions.others_number import is_anothers

OPEN_STATES = frozenset({"received", "accepted", "dispatched", "in_progress"})
UNSURE = "nlu_fallback"
SURVEY_ASIDE = "survey_aside"
"""A courtesy while a survey is open (bot/reading.py); which one stands first in the ranking."""
ANSWERED_STATES = frozenset({"resolved", "closed"})


@dataclass(frozen=True)
class Petition:
    """One of the citizen's own petitions, as the context tells it. `placeless`: nobody could tell
    where it is."""

    number: str
    title: str
    state: str
    placeless: bool = False


@dataclass(frozen=True)
class Survey:
    """The survey under way and its question to be answered next, as the context tells it.
    `shown`: the citizen was shown it last; `open` false: answers come too late."""

    id: int
    position: int
    total: int
    type: str
    options: tuple[str, ...]
    lowest: int | None
    highest: int | None
    open: bool
    shown: bool


@dataclass(frozen=True)
class Same:
    """What others at the place wait for already, as the context tells it. `number` is not shown."""

    number: str
    place: str
    matter: str
    people: int


@dataclass(frozen=True)
class Here:
    """The village whose QR code the citizen scanned lately."""

    place: str
    code: str


@dataclass(frozen=True)
class Turn:
    """`likely` is the best reading where `intent` is unsure, `readings` all of them, best first.
    `text` is empty when an option was chosen ('2' is an answer, not words of a petition). `guide`:
    the entry of the guide to what is done how, where the message asks for one. `command`: the
    button of the account's menu that was pressed. `nearby`: the place where the citizen is just
    now."""

    intent: str
    likely: str
    text: str
    kind: str
    channel: str
    now: datetime
    ids: tuple[int, ...] = ()
    media: int = 0
    chosen: Mapping[str, Any] | None = None
    internal: Mapping[str, Any] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)
    place_code: str | None = None
    petitions: tuple[Petition, ...] = ()
    home_place: str | None = None
    opted_out: bool = False
    guide: str | None = None
    readings: tuple[str, ...] = ()
    survey: Survey | None = None
    same: Same | None = None
    command: str | None = None
    here: Here | None = None
    nearby: str | None = None

    @property
    def place(self) -> str | None:
        return self.entities.get("place")

    @property
    def open_petitions(self) -> list[Petition]:
        return [one for one in self.petitions if one.state in OPEN_STATES]

    @property
    def answered_petitions(self) -> list[Petition]:
        return [one for one in self.petitions if one.state in ANSWERED_STATES]

    @property
    def is_silent_event(self) -> bool:
        """An event that asks for no answer (the citizen unfollowed, or something unknown)."""
        return self.kind == "event" and self.intent == UNSURE

    def own(self, number: str) -> Petition | None:
        """The citizen's own petition of that number, None for anyone else's."""
        return next((one for one in self.petitions if one.number == number), None)


def read_turn(latest_message: Mapping[str, Any]) -> Turn:
    """Read Rasa's latest message with the app's metadata (see docs/architecture.md, the turn
    contract). Raises KeyError where the metadata is not the contract's."""
    metadata = latest_message["metadata"]
    message, context = metadata["message"], metadata["context"]
    chosen = _arguments(message["choice"])
    intent = (latest_message.get("intent") or {}).get("name") or UNSURE
    if intent == SURVEY_ASIDE:
        intent = _likely(latest_message["intent_ranking"], UNSURE)
    entities, place_code = _of_each(latest_message.get("entities") or (), message["text"])
    return Turn(
        intent=intent,
        likely=_likely(latest_message.get("intent_ranking") or (), intent),
        text="" if chosen is not None else message["text"].strip(),
        kind=message["kind"],
        channel=metadata["channel"],
        now=datetime.fromisoformat(metadata["now"]),
        ids=tuple(message["ids"]),
        media=message["media"],
        chosen=chosen,
        internal=message["internal"] or {},
        entities=entities,
        place_code=place_code,
        petitions=tuple(
            Petition(one["number"], one["title"], one["state"], one.get("placeless", False))
            for one in context["petitions"]
        ),
        home_place=context["home_place"],
        opted_out=context["opted_out"],
        guide=context.get("guide"),
        readings=tuple(
            one["name"]
            for one in latest_message.get("intent_ranking") or ()
            if one["name"] not in (UNSURE, None)
        ),
        survey=_survey(context["survey"]),
        same=Same(**context["same"]) if context.get("same") else None,
        command=message.get("command"),
        here=Here(**context["here"]) if context.get("here") else None,
        nearby=context.get("nearby"),
    )


def _survey(told: Mapping[str, Any] | None) -> Survey | None:
    if told is None:
        return None
    return Survey(
        id=told["id"],
        position=told["position"],
        total=told["total"],
        type=told["type"],
        options=tuple(told["options"]),
        lowest=told["lowest"],
        highest=told["highest"],
        open=told["open"],
        shown=told["shown"],
    )


def _likely(ranking: Sequence[Mapping[str, Any]], intent: str) -> str:
    return next((one["name"] for one in ranking if one["name"] not in (UNSURE, None)), intent)


def _arguments(payload: str | None) -> dict[str, Any] | None:
    """'/choose{"field":"place"}' → {'field': 'place'}; None where no option was chosen."""
    if payload is None:
        return None
    _, brace, rest = payload.partition("{")
    return dict(json.loads(brace + rest)) if brace else {}


def _of_each(found: Sequence[Mapping[str, Any]], text: str) -> tuple[dict[str, str], str | None]:
    """The first of each, and the code of the place; a place that is denied is none, and nor are
    name and telephone of somebody else."""
    entities: dict[str, str] = {}
    place_code: str | None = None
    is_others = False
    for one in found:
        name, value = one["entity"], one["value"]
        if name in entities or not isinstance(value, str) or not value.strip():
            continue
        if name == "place" and is_denied(text, one["start"], one["end"]):
            continue
        if name == "phone" and is_anothers(text[: one["start"]]):
            is_others = True
            continue
        entities[name] = value.strip()
        if name == "place":
            place_code = one.get("code")
    if is_others and "phone" not in entities:
        entities.pop("person", None)
    return entities, place_code
