"""What the operator should know of one account, kept from the calls it made."""

from __future__ import annotations

import re
from datetime import datetime

from backend.ports import Clock
from channels.wechat.errcode import Policy

_IP = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")


class AccountHealth:
    """Remembers the last fault that a person has to mend, and the last lost call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fault = ""
        self._lost_at: datetime | None = None
        self._worked_at: datetime | None = None
        self._encrypted = False

    def worked(self) -> None:
        self._worked_at = self._clock.now()
        self._fault, self._lost_at = "", None

    def refused(self, policy: Policy, errmsg: str) -> None:
        """WeChat was reached and said no; a fault only if the policy asks for a person."""
        self._worked_at = self._clock.now()
        self._lost_at = None
        if policy.operator:
            address = _IP.search(errmsg)
            # The address to put on the white list is ours, and only in errmsg.
            self._fault = policy.operator + (f"（{address.group()}）。" if address else "")

    def call_lost(self) -> None:
        self._lost_at = self._clock.now()

    def token_unavailable(self, reason: str) -> None:
        """There is no access token, so nothing can be sent; a known fault says more."""
        if not self._fault and self._lost_at is None:
            self._fault = f"取不到公众号的 access_token（{reason}）。"

    def push_was_encrypted(self) -> None:
        self._encrypted = True

    def push_was_understood(self) -> None:
        self._encrypted = False

    @property
    def ok(self) -> bool:
        return not self._fault and self._lost_at is None and not self._encrypted

    @property
    def detail(self) -> str:
        if self._fault:
            return self._fault
        if self._encrypted:
            return "公众平台选的是安全模式，消息读不出来；请改为明文模式。"
        if self._lost_at is not None:
            return "连不上微信服务器，请检查网络和 api_base_url；消息会自动重发。"
        return "正常"

    @property
    def last_answer_at(self) -> datetime | None:
        """When WeChat last answered anything."""
        return self._worked_at
