"""The account's access token: one refresh at a time over all processes, renewed early.

From `/cgi-bin/stable_token` (Tencent, "获取稳定版接口调用凭据"): asked again before it is over, it
gives the same token; within five minutes of its end a new one while the old one still works.
`force_refresh` ends the old token at once and is rationed (20 a day, 30 s apart).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from backend.ports import Clock, SharedStore
from channels.wechat.api import NotSent, OutcomeUnknown, WechatApi, WechatError
from channels.wechat.errcode import Action
from channels.wechat.options import WechatOptions
from channels.wechat.shared_state import SharedState

log = structlog.get_logger(__name__)

T = TypeVar("T")

RENEW_BEFORE = 300.0  # seconds before the end at which stable_token gives a new token
FORCE_APART = 30.0  # seconds between two forced refreshes
LOCK_SECONDS = 15.0
SHARED_TIMEOUT = 2.0


class TokenUnavailable(Exception):
    """No token now. `reason` for log and outbox, `after` seconds until a try makes sense."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    expires: datetime

    def good_for(self, clock: Clock) -> float:
        return (self.expires - clock.now()).total_seconds()


class AccessToken:
    """`get` for every call; `replace` when WeChat refused the token that `get` gave."""

    def __init__(
        self,
        account: str,
        options: WechatOptions,
        api: WechatApi,
        shared: SharedStore,
        clock: Clock,
    ) -> None:
        self._options = options
        self._api = api
        self._locks = shared
        self._shared = SharedState(shared)
        self._clock = clock
        self._key = f"wechat:{account}:access_token"
        self._forced_key = f"wechat:{account}:access_token:forced"
        self._token: _Token | None = None
        self._forced_at: datetime | None = None
        self._refusal: tuple[datetime, TokenUnavailable] | None = None
        self._in_process = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """A token that is good for now. Raises TokenUnavailable."""
        token = self._token
        left = token.good_for(self._clock) if token is not None else 0.0
        if token is not None and left > RENEW_BEFORE:
            return token.value
        if token is not None and left > RENEW_BEFORE / 5:
            self._renew_behind()
            return token.value
        return (await self._obtain(refused=None)).value

    async def replace(self, refused: str) -> str:
        """Another token than `refused`. Raises TokenUnavailable."""
        return (await self._obtain(refused=refused)).value

    async def use(self, call: Callable[[str], Awaitable[T]]) -> T:
        """`call` with a token; where WeChat refuses the token, once more with another. Raises
        TokenUnavailable and what `call` raises."""
        token = await self.get()
        try:
            return await call(token)
        except WechatError as error:
            if error.policy.action is not Action.REFRESH:
                raise
        return await call(await self.replace(token))

    @property
    def expires_at(self) -> datetime | None:
        return self._token.expires if self._token is not None else None

    async def close(self) -> None:
        if self._renewal is not None and not self._renewal.done():
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)

    def _renew_behind(self) -> None:
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        try:
            await self._obtain(refused=None)
        except TokenUnavailable as error:
            # The old token still works; the next call tries again.
            log.warning("wechat.token_renewal_failed", reason=error.reason)

    async def _obtain(self, refused: str | None) -> _Token:
        async with self._in_process:
            known = self._usable(self._token, refused)
            if known is not None:
                return known
            self._respect_last_refusal()
            # Without the lock (another process is stuck in it, or there is no store) we still ask:
            # unforced, stable_token gives every asker the same token.
            async with self._across_processes():
                shared = self._usable(await self._from_shared(), refused)
                self._token = shared or await self._from_wechat(refused)
                return self._token

    def _usable(self, token: _Token | None, refused: str | None) -> _Token | None:
        if token is None or token.value == refused:
            return None
        return token if token.good_for(self._clock) > RENEW_BEFORE else None

    def _respect_last_refusal(self) -> None:
        """WeChat said when to come back (wrong secret, IP not listed): do not ask before."""
        if self._refusal is not None and self._clock.now() < self._refusal[0]:
            raise self._refusal[1]

    async def _from_wechat(self, refused: str | None) -> _Token:
        token = await self._ask(force=False)
        if token.value == refused:
            token = await self._force()
        left = max(1.0, token.good_for(self._clock))
        await self._shared.set(self._key, _dump(token), seconds=left)
        return token

    async def _force(self) -> _Token:
        now = self._clock.now()
        recently = self._forced_at is not None and now - self._forced_at < timedelta(
            seconds=FORCE_APART
        )
        if recently or await self._shared.get(self._forced_key) is not None:
            raise TokenUnavailable("token refused, forced refresh too recent", FORCE_APART)
        self._forced_at = now
        await self._shared.set(self._forced_key, now.isoformat(), seconds=FORCE_APART)
        log.warning("wechat.token_forced")
        return await self._ask(force=True)

    async def _ask(self, *, force: bool) -> _Token:
        if not self._options.app_secret:
            raise TokenUnavailable("app_secret is not set")
        asked_at = self._clock.now()
        body = {
            "grant_type": "client_credential",
            "appid": self._options.app_id,
            "secret": self._options.app_secret,
            "force_refresh": force,
        }
        try:
            answer = await self._api.post_json("/cgi-bin/stable_token", body)
            value, lifetime = str(answer["access_token"]), float(answer["expires_in"])
        except WechatError as error:
            raise self._refused(error) from error
        except (NotSent, OutcomeUnknown) as error:
            raise TokenUnavailable(f"stable_token: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise TokenUnavailable("stable_token: answer not understood") from error
        self._refusal = None
        return _Token(value, asked_at + timedelta(seconds=lifetime))

    def _refused(self, error: WechatError) -> TokenUnavailable:
        after = error.policy.after
        refusal = TokenUnavailable(f"stable_token: {error.policy.reason}", after)
        # At most half a minute, so that a mended setting or white list works soon.
        pause = min(after or 5.0, 30.0)
        self._refusal = (self._clock.now() + timedelta(seconds=pause), refusal)
        return refusal

    @asynccontextmanager
    async def _across_processes(self) -> AsyncIterator[bool]:
        lock = self._locks.lock(self._key, seconds=LOCK_SECONDS)
        try:
            async with asyncio.timeout(LOCK_SECONDS + SHARED_TIMEOUT):
                got = await lock.__aenter__()
        except Exception as error:  # noqa: BLE001 - the port names no errors; any means: absent
            self._store_lost(error)
            yield False
            return
        try:
            yield got
        finally:
            try:
                async with asyncio.timeout(SHARED_TIMEOUT):
                    await lock.__aexit__(None, None, None)
            except Exception as error:  # noqa: BLE001
                self._store_lost(error)

    async def _from_shared(self) -> _Token | None:
        text = await self._shared.get(self._key)
        return _load(text) if text is not None else None

    def _store_lost(self, error: Exception) -> None:
        log.warning("wechat.shared_store_lost", error=type(error).__name__)


def _dump(token: _Token) -> str:
    return json.dumps({"value": token.value, "expires": token.expires.isoformat()})


def _load(text: str) -> _Token | None:
    try:
        stored = json.loads(text)
        return _Token(str(stored["value"]), datetime.fromisoformat(stored["expires"]))
    except (ValueError, KeyError, TypeError):
        log.warning("wechat.shared_token_not_understood")
        return None
