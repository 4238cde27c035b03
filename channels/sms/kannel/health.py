"""What the operator should know of one Kannel account, kept from the calls it made."""

from __future__ import annotations

from datetime import datetime

from backend.ports import Clock
from channels.sms.kannel.answers import Answer

OUT_OF_REACH = "连不上 Kannel，请检查 smsbox 是否在运行、sendsms_url 是否写对；短信会自动重发。"
ANSWER_LOST = "Kannel 收到请求后没有回答，这条短信是否发出尚不清楚；请看 smsbox 的日志。"
NO_ROUTE = "Kannel 现在连不上运营商，短信会自动重发。"


class KannelHealth:
    """Remembers the last fault until Kannel answers as it should."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fault = ""
        self.last_answer_at: datetime | None = None

    def answered(self, answer: Answer) -> None:
        """Kannel answered a message, or a probe (whose refusal is as it should be)."""
        self.last_answer_at = self._clock.now()
        self._fault = answer.operator
        if answer.outcome == "retry" and not answer.operator:
            self._fault = NO_ROUTE

    def out_of_reach(self) -> None:
        self._fault = OUT_OF_REACH

    def answer_lost(self) -> None:
        self._fault = ANSWER_LOST

    @property
    def ok(self) -> bool:
        return not self._fault

    @property
    def detail(self) -> str:
        return self._fault or "正常"
