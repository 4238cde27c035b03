"""Where a turn plays: who speaks, through which account, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.conversation.fragments import Waiting


@dataclass(frozen=True, slots=True)
class Scene:
    """`look` chooses the wording ('wechat', 'sms'); `channel` is what the petition records."""

    citizen_id: int
    account_id: int
    address_id: int
    org_id: int
    channel: str
    look: str
    turn_id: int
    messages: Sequence[Waiting]
    now: datetime
