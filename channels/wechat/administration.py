"""What an operator does with an account, outside the running app: its menu and its QR codes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backend.ports import Account, Clock, SharedStore
from channels.wechat.access_token import AccessToken
from channels.wechat.account_health import AccountHealth
from channels.wechat.api import WechatApi
from channels.wechat.menu import CustomMenu
from channels.wechat.options import WechatOptions, read_options
from channels.wechat.qrcode import QrCodes


@dataclass(frozen=True, slots=True)
class Administration:
    """One account; `health` says in Chinese what WeChat refused."""

    options: WechatOptions
    menu: CustomMenu
    qrcodes: QrCodes
    health: AccountHealth


@asynccontextmanager
async def administration(
    account: Account, shared: SharedStore, clock: Clock
) -> AsyncIterator[Administration]:
    """Calls share their access token with the running app through `shared`. Raises ValueError for
    a wrong option."""
    options = read_options(account.options)
    health = AccountHealth(clock)
    api = WechatApi(options, health)
    token = AccessToken(account.name, options, api, shared, clock)
    api.open()
    try:
        yield Administration(
            options, CustomMenu(api, token), QrCodes(api, token, options.mp_base_url), health
        )
    finally:
        await token.close()
        await api.close()
