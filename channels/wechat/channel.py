"""One WeChat Official Account as a `backend.ports.Channel`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from backend.ports import (
    Account,
    ChannelDependencies,
    MediaContent,
    MediaRef,
    Outbound,
    PageLogin,
    SendResult,
    Unreachable,
)
from channels.wechat.access_token import AccessToken, TokenUnavailable
from channels.wechat.account_health import AccountHealth
from channels.wechat.api import WechatApi
from channels.wechat.customer_service import CustomerService
from channels.wechat.media import Media
from channels.wechat.oauth import PageOAuth
from channels.wechat.options import read_options
from channels.wechat.webhook import Webhook


class WechatChannel:
    """See `create`. The webhook is at /channels/wechat/<account>."""

    def __init__(self, account: Account, deps: ChannelDependencies) -> None:
        self._options = read_options(account.options)
        self._path = f"/channels/wechat/{account.name}"
        self._health = AccountHealth(deps.clock)
        self._api = WechatApi(self._options, self._health)
        self._token = AccessToken(account.name, self._options, self._api, deps.shared, deps.clock)
        self._customer_service = CustomerService(self._api, self._token)
        self._media = Media(self._api, self._token)
        self._page_login = PageOAuth(self._options, self._api)
        self._webhook = Webhook(account.name, self._options, deps.gateway, deps.clock, self._health)

    @property
    def idempotent(self) -> bool:
        """Customer-service messages have no idempotency key."""
        return False

    @property
    def page_login(self) -> PageLogin | None:
        """None without `app_secret`, or where the account has no web OAuth."""
        offered = self._options.citizen_pages and self._options.app_secret
        return self._page_login if offered else None

    def routes(self) -> Sequence[web.RouteDef]:
        return [
            web.get(self._path, self._webhook.verify, allow_head=False),
            web.post(self._path, self._webhook.receive),
        ]

    async def start(self) -> None:
        self._api.open()

    async def close(self) -> None:
        await self._token.close()
        await self._api.close()

    async def send(self, message: Outbound) -> SendResult:
        if not self._options.can_push:
            return Unreachable("this account may not push")
        return await self._customer_service.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        return await self._media.fetch(ref)

    async def health(self) -> dict[str, Any]:
        """`ok`, `detail`, `can_push`, `token_expires_at` and `last_answer_at` (ISO 8601 or
        None). Asks WeChat for a token only when none is at hand."""
        if self._options.app_secret:
            try:
                await self._token.get()
            except TokenUnavailable as error:
                self._health.token_unavailable(error.reason)
        expires, answered = self._token.expires_at, self._health.last_answer_at
        return {
            "ok": self._health.ok,
            "detail": self._health.detail,
            "can_push": self._options.can_push,
            "token_expires_at": expires.isoformat() if expires else None,
            "last_answer_at": answered.isoformat() if answered else None,
        }


def create(account: Account, deps: ChannelDependencies) -> WechatChannel:
    """One account. Raises ValueError naming the option that is wrong."""
    return WechatChannel(account, deps)
