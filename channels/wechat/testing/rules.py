"""The rules of the fake platform: quotas of the reply window, tokens, injected faults."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

TOKEN_SECONDS = 7200
RENEWED_BEFORE = timedelta(minutes=5)  # stable_token gives a new token from here on
FORCED_A_DAY = 20
FORCED_APART = timedelta(seconds=30)


class Now(Protocol):
    def now(self) -> datetime: ...


@dataclass
class Fault:
    """Applies to `times` calls (None: all) whose path starts with `path`, after `skip` of them.
    Exactly what is set
    happens: `errcode`, an HTTP `status`, `hang` (no answer until the caller goes), `drop` (the
    connection is closed after the request was taken). `done`: what was asked is done all the same,
    only the caller does not hear of it."""

    path: str = "/cgi-bin/"
    errcode: int | None = None
    errmsg: str = "injected"
    status: int | None = None
    hang: bool = False
    drop: bool = False
    done: bool = False
    times: int | None = None
    skip: int = 0

    def applies(self, path: str) -> bool:
        if self.times == 0 or not path.startswith(self.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Window:
    """How many customer-service messages one citizen may still get, and until when."""

    left: int
    until: datetime


@dataclass
class ReplyWindows:
    """5 messages in 48 h after a message, 3 in a minute after a menu click, follow or scan. A new
    message (or click) opens its window anew; the two kinds stand beside each other."""

    clock: Now
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    def wrote(self, openid: str) -> None:
        self._windows[openid, "wrote"] = Window(5, self.clock.now() + timedelta(hours=48))

    def acted(self, openid: str) -> None:
        self._windows[openid, "acted"] = Window(3, self.clock.now() + timedelta(minutes=1))

    def left(self, openid: str) -> None:
        """They unfollowed: following again opens a window, the old ones do not come back."""
        for kind in ("wrote", "acted"):
            self._windows.pop((openid, kind), None)

    def take(self, openid: str) -> int:
        """The errcode of one more message: 0, 45015 (no window) or 45047 (quota used)."""
        now = self.clock.now()
        kinds = [self._windows.get((openid, kind)) for kind in ("acted", "wrote")]
        open_windows = [window for window in kinds if window is not None and window.until > now]
        if not open_windows:
            return 45015
        for window in open_windows:
            if window.left > 0:
                window.left -= 1
                return 0
        return 45047


@dataclass
class Tokens:
    """stable_token's behaviour for one appid and secret."""

    clock: Now
    issued: int = 0
    current: str = ""
    _expires: datetime | None = None
    _previous: tuple[str, datetime] | None = None
    _forced: list[datetime] = field(default_factory=list)

    def ask(self, *, force: bool) -> tuple[str, int] | int:
        """(token, seconds left), or the errcode."""
        now = self.clock.now()
        if force:
            day = [at for at in self._forced if now - at < timedelta(days=1)]
            if len(day) >= FORCED_A_DAY:
                return 45009
            if day and now - day[-1] < FORCED_APART:
                return 45011
            self._forced = [*day, now]
            self._previous = None
            self._issue(now)
        elif self._expires is None or self._expires - now <= RENEWED_BEFORE:
            if self._expires is not None:
                self._previous = (self.current, self._expires)
            self._issue(now)
        assert self._expires is not None
        return self.current, int((self._expires - now).total_seconds())

    def check(self, token: str) -> int:
        """The errcode of a call with this token: 0, 41001, 42001 or 40001."""
        now = self.clock.now()
        if not token:
            return 41001
        if token == self.current and self._expires is not None:
            return 0 if now < self._expires else 42001
        if self._previous is not None and token == self._previous[0]:
            return 0 if now < self._previous[1] else 42001
        return 40001

    def revoke(self) -> None:
        """As when another program fetched a token by the old interface."""
        self._expires, self._previous, self.current = None, None, ""

    def _issue(self, now: datetime) -> None:
        self.issued += 1
        # WeChat asks for room for 512 characters.
        self.current = f"{self.issued}_" + secrets.token_urlsafe(96)
        self._expires = now + timedelta(seconds=TOKEN_SECONDS)
