"""Surveys in a turn: what the bot is told of the one under way, and the effects it answers with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.prompts import Prompt
from backend.conversation.scene import Scene
from backend.conversation.texts import Reply
from backend.surveys import answering
from backend.surveys.wording import SURVEY_KEYS

Effect = Mapping[str, Any]

# After these the prompt is the survey's next question, or none.
ANSWERING = frozenset({"answer_survey", "ask_survey", "decline_survey"})


async def around(
    connection: AsyncConnection, surveyed_as: int | None, prompted: Prompt | None, now: datetime
) -> tuple[dict[str, Any] | None, Prompt | None]:
    """`context.survey` and the prompt that counts: a question that has not left yet is none."""
    if surveyed_as is None:
        return None, prompted
    at = await answering.standing(connection, surveyed_as, now)
    if at is None:
        return None, prompted
    shown = prompted is not None and prompted["key"].startswith(SURVEY_KEYS)
    if at.unsent and shown:
        prompted = None
    return answering.context(at, shown=shown), prompted


async def _ask(connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
    return await answering.ask(connection, scene.citizen_id, effect, scene.now)


async def _answer(connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
    words = "\n".join(filter(None, (each.text for each in scene.messages)))
    return await answering.answer(
        connection, scene.citizen_id, scene.turn_id, effect, words, scene.now
    )


async def _decline(connection: AsyncConnection, scene: Scene, effect: Effect) -> list[Reply]:
    return await answering.decline(connection, scene.citizen_id, effect, scene.now)


SURVEY_EFFECTS: dict[str, Callable[[AsyncConnection, Scene, Effect], Awaitable[list[Reply]]]] = {
    "ask_survey": _ask,
    "answer_survey": _answer,
    "decline_survey": _decline,
}
