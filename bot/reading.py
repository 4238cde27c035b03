"""Makes Rasa's parse data of a turn: intents from the pipeline, a choice or the message's kind;
entities from the app. Nothing a citizen writes can name an intent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bot.turn_request import BadTurnRequest, TurnRequest

UNREAD_INTENT = "nlu_fallback"
EVENT_INTENTS = {"subscribe": "greet_new", "scan": "greet_new", "menu": "help"}
# What a button of the account's menu is pressed for (data/wechat/menu.yml).
COMMAND_INTENTS = {
    "petition": "start_petition",
    "progress": "check_progress",
    "remind": "remind",
    "guide": "ask_guide",
    "rate": "rate",
    "human": "ask_human",
    "help": "help",
}
KIND_INTENTS = {
    "image": "send_media",
    "voice": "send_media",
    "video": "send_media",
    "location": "send_location",
}
INTERNAL_INTENTS = {"ask_rating": "internal_ask_rating"}

# What is answered by a fixed text; while a survey is open an action must see it: '没意见, 谢谢' may
# be an answer, and after a greeting the open question stands there again.
COURTESIES = frozenset({"greet", "thank", "help", "ask_privacy", "ask_identity"})
SURVEY_ASIDE = "survey_aside"

# From this probability of the app's own reading on, a text whose intent is unsure raises a matter.
PLAINLY_A_PETITION = 0.9
RAISE = "raise_petition"
UNSURE_BETWEEN = 2

_PAYLOAD = re.compile(r"/(?P<intent>[a-z][a-z0-9_]*)(?P<arguments>\{.*\})?", re.DOTALL)

ReadIntent = Callable[[str], dict[str, Any]]
"""A text's parse data: intent and intent_ranking."""


def read_turn(
    request: TurnRequest, read_intent: ReadIntent, known_intents: Collection[str]
) -> dict[str, Any]:
    """Parse data of the turn: text, intent, intent_ranking, entities.

    Raises BadTurnRequest for a choice that is no payload of this bot's prompts.
    """
    message = request.message
    text = citizen_text(message["text"])
    entities = [dict(entity) for entity in request.entities]
    if message["choice"] is not None:
        return _certain(text, _chosen_intent(message["choice"], known_intents), entities)
    if message["kind"] == "internal":
        return _certain(text, _internal_intent(message["internal"]), entities)
    if message["kind"] == "event":
        happened = EVENT_INTENTS.get(message["event"], UNREAD_INTENT)
        named = COMMAND_INTENTS.get(message.get("command") or "", happened)
        return _certain(text, named, entities)
    if not text:
        return _certain(text, KIND_INTENTS.get(message["kind"], UNREAD_INTENT), entities)
    parsed = read_intent(text)
    intent = parsed["intent"]
    if intent["name"] == UNREAD_INTENT and _plainly_a_petition(request, parsed):
        intent = {"name": RAISE, "confidence": request.context["petition"]}
    if request.context["survey"] is not None and intent["name"] in COURTESIES:
        intent = {**intent, "name": SURVEY_ASIDE}
    return {
        "text": text,
        "intent": intent,
        "intent_ranking": parsed["intent_ranking"],
        "entities": entities,
    }


def _plainly_a_petition(request: TurnRequest, parsed: Mapping[str, Any]) -> bool:
    """Where the pipeline wavers, the app's reading, made for petitions alone, decides for one."""
    read = [one["name"] for one in parsed["intent_ranking"] if one["name"] != UNREAD_INTENT]
    likely = request.context.get("petition", 0.0) >= PLAINLY_A_PETITION
    return likely and RAISE in read[:UNSURE_BETWEEN]


def citizen_text(text: str) -> str:
    """Without what Rasa would take for a command: leading slashes (and blanks)."""
    return text.strip().lstrip("/／ \t\n").strip()


def _certain(text: str, intent: str, entities: list[dict[str, Any]]) -> dict[str, Any]:
    named = {"name": intent, "confidence": 1.0}
    return {"text": text, "intent": named, "intent_ranking": [named], "entities": entities}


def _internal_intent(internal: Mapping[str, Any] | None) -> str:
    if internal is None:
        raise BadTurnRequest("body.message.internal: must be given when kind is internal")
    return INTERNAL_INTENTS[internal["type"]]


def _chosen_intent(payload: str, known_intents: Collection[str]) -> str:
    """'/choose{"field":"place"}' → 'choose'. The arguments are for the actions, which find them
    in metadata.message.choice; they are no entities, so no rule depends on them."""
    match = _PAYLOAD.fullmatch(payload)
    if match is None or match["intent"] not in known_intents:
        raise BadTurnRequest("body.message.choice: no payload of a prompt")
    if match["arguments"]:
        try:
            json.loads(match["arguments"])
        except (ValueError, RecursionError) as error:
            raise BadTurnRequest("body.message.choice: arguments are not JSON") from error
    return match["intent"]
