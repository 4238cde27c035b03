"""Plays golden conversations (tests/bot/golden/*.yml) through the engine, turn by turn, carrying
the state and the citizen's petitions as the app would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from bot.engine import Engine
from bot.turn_request import check_turn_request

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("golden")
START = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8)))
RESPONSE_SCHEMA = json.loads(
    (ROOT / "bot/schema/turn_response.schema.json").read_text(encoding="utf-8")
)
REPLIES: dict[str, dict[str, str]] = yaml.safe_load(
    (ROOT / "data/texts/replies.yml").read_text(encoding="utf-8")
)


def golden_conversations() -> list[dict[str, Any]]:
    """Every conversation of every golden file; its name is 'file: name'."""
    conversations = []
    for file in sorted(GOLDEN.glob("*.yml")):
        for one in yaml.safe_load(file.read_text(encoding="utf-8")):
            conversations.append({**one, "name": f"{file.stem}: {one['name']}"})
    return conversations


PROMPT_LIVES = timedelta(hours=48)
SURVEY_ID = 7


@dataclass
class Player:
    """One citizen. `survey` is the questions of one that was just pushed to them. `say`, `photos`,
    `voices`, `place_sent`, `event`, `command`, `here`, `internal`, `guide`, `petition` and `choose`
    of a golden turn are what the app would make of a message; of an entity there may be a list;
    `same` is what others wait for, told by the app when the bot would file."""

    engine: Engine
    channel: str = "wechat"
    home_place: str | None = None
    petitions: list[dict[str, str]] = field(default_factory=list)
    survey: list[dict[str, Any]] = field(default_factory=list)
    survey_open: bool = True
    position: int = 1
    state: dict[str, Any] | None = None
    shown_at: datetime = START
    prompt: dict[str, Any] | None = None
    now: datetime = START
    turns: int = 0

    async def play(self, turn: dict[str, Any]) -> dict[str, Any]:
        """The bot's response, checked against the schema and the texts."""
        self.turns += 1
        if self.turns == 1 and self.survey:
            self._show_question()
        self.now += timedelta(minutes=turn.get("minutes_later", 1))
        self.petitions = turn.get("petitions", self.petitions)
        self.survey_open = turn.get("survey_open", self.survey_open)
        if self.now - self.shown_at > PROMPT_LIVES:
            self.prompt = None
        response = await self.engine.turn(check_turn_request(self._request(turn)))
        jsonschema.validate(response, RESPONSE_SCHEMA)
        self.state = json.loads(json.dumps(response["state"]))
        self._remember(response)
        return response

    def _request(self, turn: dict[str, Any]) -> dict[str, Any]:
        text = turn.get("say", "")
        choice = None
        if "choose" in turn:
            assert self.prompt is not None, "there is no prompt to choose from"
            choice = self.prompt["options"][turn["choose"] - 1]["payload"]
            text = str(turn["choose"])
        return {
            "schema": 1,
            "turn_id": str(self.turns),
            "channel": self.channel,
            "now": self.now.isoformat(),
            "state": self.state,
            "message": {
                "kind": _kind(turn),
                "text": text,
                "ids": [self.turns],
                "media": turn.get("photos", 0) + turn.get("voices", 0),
                "choice": choice,
                "event": turn.get("event"),
                "internal": turn.get("internal"),
                **({"command": turn["command"]} if "command" in turn else {}),
            },
            "entities": [
                {"entity": name, "value": value, "start": at, "end": at + len(value)}
                for name, values in turn.get("entities", {}).items()
                for value in ([values] if isinstance(values, str) else values)
                for at in [max(0, turn.get("say", "").find(value))]
            ],
            "context": {
                "petitions": self.petitions,
                "prompt": self.prompt,
                "home_place": self.home_place,
                "opted_out": False,
                "survey": self._survey(),
                **({name: turn[name] for name in ("same", "here") if name in turn}),
                "guide": turn.get("guide"),
                "petition": turn.get("petition", 0.0),
            },
        }

    def _survey(self) -> dict[str, Any] | None:
        """As the app tells of it (backend/surveys/answering.py)."""
        shown = self.prompt is not None and self.prompt["key"].startswith("survey_")
        if self.position > len(self.survey) or not (self.survey_open or shown):
            return None
        question = self.survey[self.position - 1]
        return {
            "id": SURVEY_ID,
            "position": self.position,
            "total": len(self.survey),
            "type": question["type"],
            "options": question.get("options", []),
            "lowest": question.get("lowest"),
            "highest": question.get("highest"),
            "unit": question.get("unit", ""),
            "open": self.survey_open,
            "shown": shown,
        }

    def _show_question(self) -> None:
        if self.position > len(self.survey):
            self.prompt = None
            return
        payload = {"survey": SURVEY_ID, "position": self.position}
        options = [
            {"label": label, "payload": "/choose" + json.dumps({**payload, "option": index})}
            for index, label in enumerate(self.survey[self.position - 1].get("options", []))
        ]
        self.prompt = {"key": "survey_question", "options": options}
        self.shown_at = self.now

    def _remember_survey(self, effect: dict[str, Any]) -> None:
        if effect["type"] == "answer_survey" and effect["position"] == self.position:
            self.position += 1
            self._show_question()
        elif effect["type"] == "ask_survey":
            self.position = max(1, self.position - bool(effect.get("back")))
            self._show_question()
        elif effect["type"] == "decline_survey":
            self.position = len(self.survey) + 1
            self.prompt = None

    def _remember(self, response: dict[str, Any]) -> None:
        if response["busy"]:
            self.prompt = None
        for effect in response["effects"]:
            self._remember_survey(effect)
        for effect in response["effects"]:
            if effect["type"] == "file_petition":
                number = f"2611230{len(self.petitions) + 1}"
                filed = {"number": number, "title": effect["text"][:20], "state": "received"}
                self.petitions = [filed, *self.petitions]
        for reply in response["replies"]:
            if reply.get("prompt"):
                self.prompt = {"key": reply["key"], **reply["prompt"]}
                self.shown_at = self.now


def _kind(turn: dict[str, Any]) -> str:
    if "internal" in turn:
        return "internal"
    if "event" in turn:
        return "event"
    if turn.get("location"):
        return "location"
    if "say" in turn or "choose" in turn:
        return "text"
    return "voice" if "voices" in turn else "image"


def said(response: dict[str, Any]) -> list[str]:
    """Reply keys in order; 'do remind' where an effect's words stand."""
    types = {effect["id"]: effect["type"] for effect in response["effects"]}
    return [
        reply["key"] if "key" in reply else f"do {types[reply['from_effect']]}"
        for reply in response["replies"]
    ]


def rendered(response: dict[str, Any]) -> list[str]:
    """The words of each keyed reply, in both lengths. Raises KeyError for a key or parameter that
    the texts file does not have."""
    return [
        wording.format(**reply["params"])
        for reply in response["replies"]
        if "key" in reply
        for wording in REPLIES[reply["key"]].values()
    ]
