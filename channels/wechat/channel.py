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
from channels.wechat.notices import Notices
from channels.wechat.oauth import PageOAuth
from channels.wechat.options import WechatOptions, read_options
from channels.wechat.reply_quota import ReplyQuota
from channels.wechat.route_stops import RouteStops
from channels.wechat.router import Router
from channels.wechat.shared_state import SharedState
from channels.wechat.webhook import Webhook


class WechatChannel:
    """See `create`. The webhook is at /channels/wechat/<account>."""

    def __init__(self, account: Account, deps: ChannelDependencies) -> None:
        self._options = read_options(account.options)
        self._path = f"/channels/wechat/{account.name}"
        self._health = AccountHealth(deps.clock)
        self._api = WechatApi(self._options, self._health)
        self._token = AccessToken(account.name, self._options, self._api, deps.shared, deps.clock)
        shared = SharedState(deps.shared)
        quota = ReplyQuota(account.name, deps.gateway, shared, deps.clock)
        self._stops = RouteStops(account.name, shared, deps.clock)
        page = own_page(self._options, deps.public_url, account.name)
        self._router = Router(
            account.name,
            CustomerService(self._api, self._token),
            Notices(self._options, page, self._api, self._token, deps.clock),
            quota,
            self._stops,
            deps.gateway,
            deps.clock,
        )
        self._media = Media(self._api, self._token)
        self._page_login = PageOAuth(self._options, self._api)
        self._webhook = Webhook(
            account.name,
            self._options,
            deps.gateway,
            deps.shared,
            deps.clock,
            self._health,
            quota,
        )

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
        return await self._router.send(message)

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
        ok, detail = self._health.ok, self._health.detail
        if ok and (stopped := await self._stops.for_operator()):
            # Other routes work, so that the last call was well.
            ok, detail = False, stopped
        return {
            "ok": ok,
            "detail": detail,
            "can_push": self._options.can_push,
            "token_expires_at": expires.isoformat() if expires else None,
            "last_answer_at": answered.isoformat() if answered else None,
        }


def own_page(options: WechatOptions, public_url: str, account: str) -> str:
    """Where notices lead. Raises ValueError where they could lead nowhere."""
    if (options.template or options.subscribe) and not public_url.startswith("https://"):
        raise ValueError(
            "wechat: notices lead to the citizen's own page: public_url should begin with "
            "https://, or option template_id and option subscribe_template_id be left out"
        )
    return f"{public_url}/me/{account}"


def create(account: Account, deps: ChannelDependencies) -> WechatChannel:
    """One account. Raises ValueError naming the option that is wrong."""
    return WechatChannel(account, deps)
