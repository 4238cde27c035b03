"""Turn requests for tests, plain and random."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import yaml

from bot.engine import Engine
from bot.turn_request import TurnRequest, check_turn_request

ROOT = Path(__file__).resolve().parents[2]

MESSAGE: dict[str, Any] = {
    "kind": "text",
    "text": "你好",
    "ids": [1],
    "media": 0,
    "choice": None,
    "event": None,
    "internal": None,
}
CONTEXT: dict[str, Any] = {
    "petitions": [],
    "prompt": None,
    "home_place": None,
    "opted_out": False,
    "survey": None,
}
SURVEY: dict[str, Any] = {
    "id": 7,
    "position": 1,
    "total": 3,
    "type": "single",
    "options": ["每天", "两三天", "很少来"],
    "lowest": None,
    "highest": None,
    "unit": "",
    "open": True,
    "shown": True,
}
PLACES = ("锦绣小区3号楼", "5号楼", "河东村二组", "人民路", "滨江花园12栋")
STATES = ("received", "accepted", "dispatched", "in_progress", "resolved", "closed", "withdrawn")


def turn_body(
    text: str = "你好",
    *,
    state: dict[str, Any] | None = None,
    entities: list[dict[str, Any]] | None = None,
    context: dict[str, Any] | None = None,
    **message: Any,
) -> dict[str, Any]:
    """A request's JSON; keyword arguments change parts of the message."""
    return {
        "schema": 1,
        "turn_id": "t1",
        "channel": "wechat",
        "now": "2026-11-23T09:00:00+08:00",
        "state": state,
        "message": {**MESSAGE, "text": text, **message},
        "entities": entities or [],
        "context": {**CONTEXT, **(context or {})},
    }


def turn_request(text: str = "你好", **parts: Any) -> TurnRequest:
    return check_turn_request(turn_body(text, **parts))


def example_texts() -> dict[str, list[str]]:
    """The training examples by intent."""
    texts: dict[str, list[str]] = {}
    for file in sorted((ROOT / "data/nlu").glob("*.yml")):
        for block in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            if "intent" in block:
                lines = block["examples"].splitlines()
                texts.setdefault(block["intent"], []).extend(line[2:].strip() for line in lines)
    return texts


class RandomCitizen:
    """Says anything in any order: examples of every intent, nonsense, options of the last prompt,
    photos, places, what the system itself puts in."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._texts = example_texts()
        self._intents = sorted(self._texts)
        self._turns = 0
        self._petitions = [
            {"number": f"20261123-000{n}-{n}", "title": "路灯不亮", "state": self._any(STATES)}
            for n in range(1, self._random.choice((1, 1, 2, 3, 4)))
        ]

    def next_body(self, last: dict[str, Any] | None) -> dict[str, Any]:
        """The next request, without state, after the response `last`."""
        self._turns += 1
        prompt = _prompt(last)
        body = turn_body(**self._message(prompt))
        body["turn_id"] = f"t{self._turns}"
        body["now"] = f"2026-11-23T{9 + self._turns // 60:02}:{self._turns % 60:02}:00+08:00"
        body["channel"] = self._any(("wechat", "sms"))
        body["entities"] = self._entities()
        body["context"] = {
            "petitions": self._petitions,
            "prompt": prompt,
            "home_place": self._any((None, "河东村")),
            "opted_out": self._random.random() < 0.1,
            "survey": self._survey(),
        }
        return body

    def _message(self, prompt: dict[str, Any] | None) -> dict[str, Any]:
        ids = [self._turns]
        if prompt and self._random.random() < 0.45:
            payload = self._any(prompt["options"])["payload"]
            return {"text": "1", "choice": payload, "ids": ids}
        kind = self._random.random()
        if kind < 0.08:
            return {"text": "", "kind": self._any(("image", "voice", "video")), "media": 1}
        if kind < 0.12:
            return {"text": "", "kind": "location"}
        if kind < 0.15:
            return {"text": "", "kind": "event", "event": self._any(("subscribe", "menu"))}
        if kind < 0.2:
            number = self._any(self._petitions)["number"] if self._petitions else "20261123-0009-9"
            internal = {"type": "ask_rating", "number": number}
            return {"text": "", "kind": "internal", "internal": internal}
        if kind < 0.25:
            return {"text": self._any(("嘎嘎嘎", "/restart", "asdf 123", "🙏🙏", "。。。"))}
        return {"text": self._any(self._texts[self._any(self._intents)]), "ids": ids}

    def _survey(self) -> dict[str, Any] | None:
        if self._random.random() < 0.6:
            return None
        type_ = self._any(("single", "scale", "number", "text"))
        return {
            **SURVEY,
            "type": type_,
            "options": SURVEY["options"] if type_ == "single" else [],
            "position": self._any((1, 2, 3)),
            "shown": self._random.random() < 0.7,
            "open": self._random.random() < 0.9,
        }

    def _entities(self) -> list[dict[str, Any]]:
        found = []
        if self._random.random() < 0.25:
            found.append({"entity": "place", "value": self._any(PLACES), "start": 0, "end": 4})
        if self._random.random() < 0.1:
            found.append({"entity": "phone", "value": "13800138000", "start": 0, "end": 11})
        if self._random.random() < 0.1:
            found.append({"entity": "time", "value": "上个月", "start": 0, "end": 3})
        if self._random.random() < 0.08:
            number = {"entity": "petition_number", "value": "20261123-0001-1", "start": 0, "end": 9}
            found.append(number)
        return found

    def _any(self, options: Any) -> Any:
        return self._random.choice(options)


async def converse(
    engine: Engine, seed: int, turns: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """A random conversation: each turn's request (state included) and response, the state carried
    as JSON as the app carries it."""
    citizen = RandomCitizen(seed)
    played: list[tuple[dict[str, Any], dict[str, Any]]] = []
    response: dict[str, Any] | None = None
    for _ in range(turns):
        body = citizen.next_body(response)
        body["state"] = response["state"] if response else None
        response = json.loads(json.dumps(await engine.turn(check_turn_request(body))))
        assert response is not None
        played.append((body, response))
    return played


def _prompt(last: dict[str, Any] | None) -> dict[str, Any] | None:
    for reply in reversed(last["replies"] if last else []):
        if reply.get("prompt"):
            return {"key": reply["key"], "options": reply["prompt"]["options"]}
    return None
