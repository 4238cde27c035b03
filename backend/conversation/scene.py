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

    @property
    def reply_due(self) -> datetime:
        """Until then a webhook may carry what is said back; then it goes by the active route."""
        waits = [each.reply_until for each in self.messages if each.reply_until is not None]
        return max([self.now, *waits])
