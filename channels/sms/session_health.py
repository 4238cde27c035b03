"""What the operator should know of one account on an operator's binary protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from backend.ports import Clock, ReceiptState
from channels.sms.answer_codes import LoginRefusal, SubmitResult
from channels.sms.session.link import LinkFacts
from channels.sms.session.machine import State

NOT_STARTED = "由收发消息的进程负责"
CONNECTING = "正在连接网关"
NO_SESSION = "连不上网关，短信会自动重发；请核对 host、port，并看网络和运营商一侧。"
SOME_SESSIONS = "{open} 条连接在线，另有 {away} 条断开，正在重连"
WELL = "{open} 条连接在线"
HELD = "网关要求慢一点，暂缓发送；请核对与运营商约定的速率和 segments_per_second。"
NOT_STORED = "刚才有短信没能存下来，没有向网关确认，网关会重送；请看数据库和磁盘。"
REFUSED = "网关拒绝了一条短信，{answer}"
UNANSWERED = "网关收到一条短信后没有回答，是否发出尚不清楚"
NOT_SENT = "有短信没轮到发（没有连接、窗口已满或超过速率），会自动重发"
LOGIN_REFUSED = "网关拒绝登录，状态 {status}"
# How an ended session's reason begins → what the operator reads.
TROUBLES = {
    "cannot connect": "连不上",
    "no answer to the login": "登录没有回应",
    "no answer to the heartbeat": "心跳没有回应",
    "the gateway ended the session": "网关主动退出",
    "connection lost": "连接中断",
    "closed": "网关关闭了连接",
    "not the protocol": "收到的不是这个协议的报文",
}
NOT_OWNER = "这个账号正被另一个进程使用，或它的文件夹不可写；等它放开后自动接上。"
STATES = {
    State.NEW: "未连接",
    State.LOGGING_IN: "正在登录",
    State.OPEN: "在线",
    State.LEAVING: "正在退出",
    State.CLOSED: "已断开",
}


class SessionHealth:
    """Counts since the process began, and the last fault of each sort."""

    def __init__(self, clock: Clock, login_refusal: Callable[[int], LoginRefusal]) -> None:
        """`login_refusal`: what the protocol's number for a refused login means."""
        self._clock = clock
        self._login_refusal = login_refusal
        self._counts: Counter[str] = Counter()
        self._operator = ""
        self._stored = True
        self._last_error = ""
        self._last_error_at: datetime | None = None
        self.owner = True  # of the account's journal

    def answered(self, answer: str, result: SubmitResult) -> None:
        """To a message, and no flow control; `answer` is the protocol's number with its name."""
        if result.outcome == "sent":
            self._counts["sent"] += 1
            self._operator = ""
            return
        self._counts["refused"] += 1
        self._operator = result.operator
        self._error(REFUSED.format(answer=answer))

    def flow_control(self) -> None:
        self._counts["flow_control"] += 1

    def unknown(self) -> None:
        self._counts["unknown"] += 1
        self._error(UNANSWERED)

    def late(self) -> None:
        self._counts["late"] += 1

    def not_sent(self) -> None:
        self._counts["not_sent"] += 1
        self._error(NOT_SENT)

    def received(self) -> None:
        self._counts["received"] += 1
        self._stored = True

    def not_stored(self) -> None:
        self._counts["not_stored"] += 1
        self._stored = False
        self._error(NOT_STORED)

    def reported(self, state: ReceiptState) -> None:
        self._counts[state.value] += 1

    def _error(self, reason: str) -> None:
        self._last_error, self._last_error_at = reason, self._clock.now()

    def facts(
        self, sorts: Sequence[Sequence[LinkFacts]], *, window: int, waiting: int, held: float
    ) -> dict[str, Any]:
        """See `Channel.health`. `sorts`: the sessions of each sort the account needs; none where
        this process does not run it."""
        if not sorts:
            ok, detail = (True, NOT_STARTED) if self.owner else (False, NOT_OWNER)
            return {"ok": ok, "detail": detail}
        fault = self._fault(sorts, held)
        sessions = [each for sort in sorts for each in sort]
        return {
            "ok": not fault,
            "detail": fault or _well(sessions),
            "sessions": [_session(each, window) for each in sessions],
            "waiting": waiting,
            "counts": dict(self._counts),
            "last_error": self._last_error,
            "last_error_at": self._last_error_at.isoformat() if self._last_error_at else None,
        }

    def _fault(self, sorts: Sequence[Sequence[LinkFacts]], held: float) -> str:
        for sessions in sorts:
            if any(each.state is State.OPEN for each in sessions):
                continue
            refused = next((each.status for each in sessions if each.status), 0)
            if refused:
                return self._login_refusal(refused).operator
            return NO_SESSION if any(each.trouble for each in sessions) else CONNECTING
        if not self._stored:
            return NOT_STORED
        return self._operator or (HELD if held else "")


def _well(sessions: Sequence[LinkFacts]) -> str:
    open_now = sum(each.state is State.OPEN for each in sessions)
    away = len(sessions) - open_now
    return (SOME_SESSIONS if away else WELL).format(open=open_now, away=away)


def _session(facts: LinkFacts, window: int) -> dict[str, Any]:
    return {
        "state": STATES[facts.state],
        "pending": facts.pending,
        "window": window,
        "open_seconds": None if facts.open_seconds is None else round(facts.open_seconds),
        "trouble": _trouble(facts),
    }


def _trouble(facts: LinkFacts) -> str:
    if facts.status:
        return LOGIN_REFUSED.format(status=facts.status)
    known = (words for begins, words in TROUBLES.items() if facts.trouble.startswith(begins))
    return next(known, facts.trouble)
