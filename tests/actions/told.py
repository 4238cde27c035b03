"""Turns and trackers as the engine gives them to the actions, for tests."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker

from actions.turn import Turn, read_turn

NOW = "2026-11-23T09:00:00+08:00"


def latest_message(intent: str, text: str = "", **more: Any) -> dict[str, Any]:
    """Rasa's latest message with the app's metadata; `more` are ids, media, choice, kind,
    channel, internal, entities, petitions, home, survey, likely, now."""
    ranking = [intent, more["likely"]] if "likely" in more else [intent]
    return {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "intent_ranking": [{"name": name, "confidence": 0.5} for name in ranking],
        "entities": [
            {"entity": name, "value": value, "start": start, "end": start + len(value)}
            for name, value in more.get("entities", {}).items()
            for start in [max(0, text.find(value))]
        ],
        "metadata": {
            "turn_id": "1",
            "channel": more.get("channel", "wechat"),
            "now": more.get("now", NOW),
            "message": {
                "kind": more.get("kind", "text"),
                "text": text,
                "ids": more.get("ids", [1]),
                "media": more.get("media", 0),
                "choice": more.get("choice"),
                "event": None,
                "internal": more.get("internal"),
            },
            "context": {
                "petitions": more.get("petitions", []),
                "prompt": None,
                "home_place": more.get("home"),
                "opted_out": False,
                "survey": more.get("survey"),
            },
        },
    }


def turn(intent: str, text: str = "", **more: Any) -> Turn:
    return read_turn(latest_message(intent, text, **more))


def tracker(
    intent: str,
    text: str = "",
    *,
    draft: dict[str, Any] | None = None,
    awaiting: dict[str, Any] | None = None,
    **more: Any,
) -> Tracker:
    """rasa-sdk's tracker; the form is active while there is a draft."""
    return Tracker(
        sender_id="1",
        slots={"draft": draft, "awaiting": awaiting, "survey": None},
        latest_message=latest_message(intent, text, **more),
        events=[],
        paused=False,
        followup_action=None,
        active_loop={"name": "petition_form"} if draft else {},
        latest_action_name="action_listen",
    )
