"""The demo county's bot: the real dialogue (`actions`), told each message's meaning.

Stories know what their people mean, so no language model is asked; what is answered, asked back
and filed is decided by the same code as in service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actions import existing, rating
from actions.continuing import carry_on
from actions.draft import Draft
from actions.hand_over import hand_over
from actions.outcome import Outcome
from actions.petition_form import run_form
from actions.turn import Turn, read_turn
from backend.conversation.bot_client import BotClient

MODEL = "demo"
COMMANDS: dict[str, Callable[[Turn, Outcome], None]] = {
    "check_progress": existing.show_progress,
    "remind": existing.remind,
    "withdraw": existing.withdraw,
    "ask_human": hand_over,
}


@dataclass(slots=True)
class Remembered:
    """What the dialogue keeps of one citizen between turns."""

    draft: Draft | None = None
    awaiting: dict[str, Any] | None = None


class StoryBot(BotClient):
    """Answers turns in this process. Set `meaning` (an intent) and `citizen` before each turn."""

    def __init__(self) -> None:
        super().__init__()
        self.meaning = ""
        self.citizen = Remembered()

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        turn = read_turn(
            {
                # A story says itself what a message is: no question for the guide.
                "metadata": {**request, "context": {**request["context"], "guide": None}},
                "intent": {"name": self.meaning},
                "entities": request["entities"],
            }
        )
        out = self._respond(turn)
        self.citizen.draft, self.citizen.awaiting = out.draft, out.awaiting
        return {
            "schema": 1,
            # Nothing for the bot in service to take up: every story's dialogue comes to its end.
            "state": None,
            "busy": out.draft is not None,
            "model": MODEL,
            "reading": {"intent": self.meaning, "confidence": 1.0},
            "replies": [piece.get("reply", piece) for piece in out.replies],
            "effects": [piece["effect"] for piece in out.effects],
        }

    async def health(self) -> dict[str, Any]:
        return {"ok": True, "model": MODEL}

    def _respond(self, turn: Turn) -> Outcome:
        draft, awaiting = self.citizen.draft, self.citizen.awaiting
        if turn.internal:
            out = Outcome(draft=draft, awaiting=awaiting)
            rating.ask(turn, out)
        elif draft is not None or self.meaning == "raise_petition":
            out = run_form(turn, draft, awaiting)
        elif self.meaning in COMMANDS:
            out = Outcome(awaiting=awaiting)
            COMMANDS[self.meaning](turn, out)
        else:
            out = carry_on(turn, awaiting)
        return out
