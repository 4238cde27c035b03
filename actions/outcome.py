"""What a turn leads to: replies and effects in order, and what is remembered for the next turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from actions.draft import Draft
from actions.words import label

Option = tuple[str, str]
"""Label and payload; a payload is '/intent' or '/intent{"json":"object"}'."""


@dataclass
class Outcome:
    """`draft` None ends the petition under way; `awaiting` is what the next message may answer
    without a petition being under way ({'for': 'rating', …}), None for nothing; `survey` what was
    repeated and answered lately of the one under way (actions/survey.py)."""

    draft: Draft | None = None
    awaiting: dict[str, Any] | None = None
    survey: dict[str, Any] | None = None
    replies: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    open_form: bool = False

    def say(self, key: str, *options: Option, **params: str | int | None) -> None:
        """Add a reply by its key in data/texts/replies.yml."""
        reply: dict[str, Any] = {"key": key, "params": params}
        if options:
            reply["prompt"] = {"options": [{"label": a, "payload": b} for a, b in options]}
        self.replies.append({"reply": reply})

    def do(self, effect_type: str, **fields: Any) -> None:
        """Add an effect; what the app says of it stands here among the replies."""
        effect_id = f"{effect_type}_{len(self.effects) + 1}"
        self.effects.append({"effect": {"id": effect_id, "type": effect_type, **fields}})
        self.replies.append({"from_effect": effect_id})


def option(name: str, payload: str, **params: str) -> Option:
    """An option by the name of its label."""
    return label(name, **params), payload
