"""Prompts shown, with their options: which question a bare '2' answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation.scene import Scene
from backend.conversation.tables import prompt
from backend.conversation.texts import Reply

# A prompt older than this no longer gives a bare '2' a meaning.
LIVES = timedelta(hours=48)

Prompt = Mapping[str, Any]

_c = prompt.c
_LAST = (
    select(_c.id)
    .where(_c.citizen_id == bindparam("whose"))
    .order_by(_c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_ANSWERED = update(prompt).where(_c.id == _LAST, _c.answered_at.is_(None))


def live(prompted: Prompt | None, now: datetime) -> Prompt | None:
    """The last prompt while it still counts."""
    if prompted is None or datetime.fromisoformat(prompted["at"]) + LIVES < now:
        return None
    return prompted


def last_of(replies: Sequence[Reply], now: datetime) -> dict[str, Any] | None:
    """The prompt these replies show last, as the conversation keeps it; None where they show
    none."""
    for reply in reversed(replies):
        if _is_prompt(reply):
            return {"key": reply.key, "options": list(reply.options), "at": now.isoformat()}
    return None


async def keep(
    connection: AsyncConnection, scene: Scene, replies: Sequence[Reply], chosen: int | None
) -> None:
    """Record what the last prompt was answered with (the option's index), and those shown now."""
    if chosen is not None:
        await connection.execute(
            _ANSWERED, {"whose": scene.citizen_id, "answered_at": scene.now, "chosen": chosen}
        )
    shown = [
        {
            "citizen_id": scene.citizen_id,
            "turn_id": scene.turn_id,
            "key": reply.key,
            "options": list(reply.options),
            "shown_at": scene.now,
        }
        for reply in replies
        if _is_prompt(reply)
    ]
    if shown:
        await connection.execute(prompt.insert(), shown)


def _is_prompt(reply: Reply) -> bool:
    return bool(reply.options) or reply.asks
