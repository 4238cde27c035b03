"""What the operator should know of one account, kept from the calls it made."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from backend.ports import Clock
from channels.wechat.beijing_time import midnight_after
from channels.wechat.errcode import MIDNIGHT, Action, Policy

_IP = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")


_NO_KEY = (
    "公众平台选的是安全模式，但这里没有填 encoding_aes_key，消息读不出来；请填上，或改为明文模式。"
)
_WRONG_KEY = "消息解不开：encoding_aes_key 或 app_id 与公众平台上的不一致，请核对。"
_PLAIN = (
    "这里填了 encoding_aes_key，公众平台发来的却是明文，已拒收；请在公众平台选安全模式，"
    "或设 accept_plain = true。"
)
_CLOCK = "消息的时间与本机相差 {minutes} 分钟，已拒收；请检查服务器时钟。"


class AccountHealth:
    """Remembers the faults that a person has to mend, and the last lost call.

    A fault of one call ('no such template') holds until that call works; one that would stop every
    call (the address is not on the white list) until any does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._fault = ""
        self._faults_of: dict[str, tuple[str, datetime | None]] = {}  # until, where it ends itself
        self._lost_at: datetime | None = None
        self._worked_at: datetime | None = None
        self._unreadable = ""

    def worked(self, call: str) -> None:
        """`call`: the path of the API."""
        self._worked_at = self._clock.now()
        self._fault, self._lost_at = "", None
        self._faults_of.pop(call, None)

    def refused(self, call: str, policy: Policy, errmsg: str) -> None:
        """WeChat was reached and said no; a fault only if the policy asks for a person."""
        self._worked_at = self._clock.now()
        self._lost_at = None
        if not policy.operator:
            return
        address = _IP.search(errmsg)
        # The address to put on the white list is ours, and only in errmsg.
        fault = policy.operator + (f"（{address.group()}）。" if address else "")
        if policy.action is Action.REROUTE:
            until = midnight_after(self._worked_at) if policy.stops == MIDNIGHT else None
            self._faults_of[call] = (fault, until)
        else:
            self._fault = fault

    def call_lost(self) -> None:
        self._lost_at = self._clock.now()

    def token_unavailable(self, reason: str) -> None:
        """There is no access token, so nothing can be sent; a known fault says more."""
        if not self._fault and self._lost_at is None:
            self._fault = f"取不到公众号的 access_token（{reason}）。"

    def push_was_not_readable(self, *, encrypted: bool, key_set: bool) -> None:
        """The mode set in WeChat's console and the account's options do not go together."""
        if not encrypted:
            self._unreadable = _PLAIN
        else:
            self._unreadable = _WRONG_KEY if key_set else _NO_KEY

    def push_was_not_fresh(self, apart: timedelta) -> None:
        """Correctly signed, but minutes from our clock: most likely our clock is wrong."""
        minutes = min(abs(apart), timedelta(days=9999)) // timedelta(minutes=1)
        self._unreadable = _CLOCK.format(minutes=minutes)

    def push_was_understood(self) -> None:
        self._unreadable = ""

    @property
    def ok(self) -> bool:
        return not (self._fault or self._of_a_call or self._lost_at or self._unreadable)

    @property
    def detail(self) -> str:
        if self._fault:
            return self._fault
        if self._unreadable:
            return self._unreadable
        if self._lost_at is not None:
            return "连不上微信服务器，请检查网络和 api_base_url；消息会自动重发。"
        return self._of_a_call or "正常"

    @property
    def _of_a_call(self) -> str:
        now = self._clock.now()
        faults = self._faults_of.values()
        return next((fault for fault, until in faults if until is None or until > now), "")

    @property
    def last_answer_at(self) -> datetime | None:
        """When WeChat last answered anything."""
        return self._worked_at
