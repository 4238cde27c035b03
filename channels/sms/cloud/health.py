"""What the operator should know of one account at a cloud gateway, kept from its calls."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from backend.ports import Clock, ReceiptState
from channels.sms.cloud.codes import Code

OUT_OF_REACH = "连不上{provider}，短信会自动重发；请看本机能不能上网、endpoint 写对没有。"
ANSWER_LOST = "{provider}收到请求后没有回答，这条短信是否发出尚不清楚。"
HELD = "{provider}要求慢一点，暂缓发送。"
NO_TEMPLATE = "有短信没有合用的模板，没有发出；请在 templates 末尾加一个人人合用的模板。"
NOT_STORED = "刚才有上行短信或回执没能存下来，对方会重送；请看数据库和磁盘。"
ANSWERED = "{provider}没有收下一条短信：{code}"
WELL = "正常"


class CloudHealth:
    """Counts since the process began, and the last fault until a message is taken again."""

    def __init__(self, clock: Clock, provider: str) -> None:
        self._clock = clock
        self._provider = provider
        self._counts: Counter[str] = Counter()
        self._fault = ""
        self._stored = True
        self._last_error = ""
        self._last_error_at: datetime | None = None

    def answered(self, code: str, meaning: Code) -> None:
        """The provider answered a message."""
        if meaning.outcome == "sent":
            self._counts["sent"] += 1
            self._fault = ""
            return
        counted = {"back_off": "flow_control", "unknown": "unknown"}
        self._counts[counted.get(meaning.outcome, "refused")] += 1
        # A refused message says nothing of the account, unless the table says what to do.
        if meaning.operator or meaning.outcome != "refused":
            self._fault = meaning.operator
        if meaning.outcome == "back_off" and not meaning.operator:
            self._fault = HELD.format(provider=self._provider)
        self._error(ANSWERED.format(provider=self._provider, code=code))

    def out_of_reach(self) -> None:
        self._fault = OUT_OF_REACH.format(provider=self._provider)
        self._counts["not_sent"] += 1
        self._error(self._fault)

    def answer_lost(self) -> None:
        self._fault = ANSWER_LOST.format(provider=self._provider)
        self._counts["unknown"] += 1
        self._error(self._fault)

    def no_template(self) -> None:
        self._counts["no_template"] += 1
        self._error(NO_TEMPLATE)

    def received(self) -> None:
        self._counts["received"] += 1
        self._stored = True

    def reported(self, state: ReceiptState) -> None:
        self._counts[state.value] += 1
        self._stored = True

    def not_stored(self) -> None:
        self._counts["not_stored"] += 1
        self._stored = False
        self._error(NOT_STORED)

    def _error(self, reason: str) -> None:
        self._last_error, self._last_error_at = reason, self._clock.now()

    def facts(self) -> dict[str, Any]:
        """See `Channel.health`."""
        fault = self._fault if self._stored else NOT_STORED
        return {
            "ok": not fault,
            "detail": fault or WELL,
            "counts": dict(self._counts),
            "last_error": self._last_error,
            "last_error_at": self._last_error_at.isoformat() if self._last_error_at else None,
        }
