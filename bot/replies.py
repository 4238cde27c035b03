"""Collects what a turn says and does: Rasa's bot messages become replies and effects."""

from __future__ import annotations

import re
from typing import Any

from rasa.core.channels.channel import OutputChannel

_KEY = re.compile(r"[a-z][a-z0-9_]*")


class BadReply(ValueError):
    """An action or the domain said something that is neither a reply nor an effect."""


class TurnOutput(OutputChannel):
    """One turn's replies and effects, in the order they were said.

    A response of the domain has a reply key for its text. An action sends one of
    `{"reply": {key, params, prompt?}}`, `{"effect": {type, …}}`, `{"from_effect": id}` as
    `json_message`.
    """

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []
        self.effects: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Rasa's name of the channel; no response is written for it alone."""
        return "turn"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one of Rasa's bot messages. Raises BadReply."""
        custom = message.get("custom")
        if custom:
            self._take(custom)
        elif message.get("text"):
            self._reply({"key": message["text"], "params": {}})

    def _take(self, custom: dict[str, Any]) -> None:
        if "reply" in custom:
            self._reply({"params": {}, **custom["reply"]})
        elif "effect" in custom:
            effect = custom["effect"]
            self.effects.append({"id": f"e{len(self.effects) + 1}", **effect})
        elif "from_effect" in custom:
            self.replies.append({"from_effect": custom["from_effect"]})
        else:
            raise BadReply(f"neither reply nor effect: {sorted(custom)}")

    def _reply(self, reply: dict[str, Any]) -> None:
        if not _KEY.fullmatch(str(reply.get("key"))):
            raise BadReply("a reply's key is no text key")
        self.replies.append(reply)
