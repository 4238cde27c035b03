"""Which of the waiting messages are read together as one turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MOST_MESSAGES = 6
MOST_CHARACTERS = 600
PAUSE = timedelta(minutes=3)
SHORTEST_FRAGMENT = 3

_JOINABLE = frozenset({"text", "image", "voice", "video", "location"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored message that no turn has read yet. `standalone`: an answer or a command."""

    id: int
    account_id: int
    address_id: int
    kind: str
    text: str
    detail: dict[str, Any] | None
    media_count: int
    received_at: datetime
    reply_until: datetime | None
    standalone: bool = False


def read_together(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The first message and those after it that continue it, in order.

    Only what already waits is joined (nobody waits for more): free text, photos and places sent
    from one address within minutes. A short answer, a command, an event or an internal message
    stands alone.
    """
    if not waiting:
        return []
    together = [waiting[0]]
    if not _joins(waiting[0]):
        return together
    length = len(waiting[0].text)
    for following in waiting[1:]:
        length += len(following.text)
        if (
            not _joins(following)
            or following.address_id != together[0].address_id
            or following.received_at - together[-1].received_at > PAUSE
            or length > MOST_CHARACTERS
            or len(together) == MOST_MESSAGES
        ):
            break
        together.append(following)
    return together


def _joins(message: Waiting) -> bool:
    if message.kind not in _JOINABLE or message.standalone:
        return False
    return message.kind != "text" or len(message.text.strip()) >= SHORTEST_FRAGMENT
