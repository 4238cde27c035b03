"""One WeChat account of the settings, opened for an operator's command."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from backend.clock import SystemClock
from backend.ports import Account
from backend.shared_store import SharedValues
from channels.wechat.access_token import TokenUnavailable
from channels.wechat.administration import Administration, administration
from channels.wechat.api import AnswerTooLarge, NotSent, OutcomeUnknown, WechatError
from channels.wechat.options import read_options
from xiangyin.loading import InvalidSettings
from xiangyin.settings import Settings

REDIS_SECONDS = 1.0
WECHAT_ERRORS = (TokenUnavailable, WechatError, NotSent, OutcomeUnknown, AnswerTooLarge)


class NoSuchAccount(Exception):
    """The settings have no such WeChat account; the message is for the operator."""


def find_account(settings: Settings, name: str) -> Account:
    """Raises NoSuchAccount, InvalidSettings."""
    known = {one.name: one for one in settings.channel_accounts() if one.channel == "wechat"}
    if name not in known:
        has = (
            f"，有的是 {'、'.join(known)}" if known else '，设置里还没有 channel = "wechat" 的账号'
        )
        raise NoSuchAccount(f"没有叫 {name} 的微信账号{has}")
    try:
        read_options(known[name].options)
    except ValueError as error:
        raise InvalidSettings([f"accounts.{name}：{error}"]) from error
    return known[name]


@asynccontextmanager
async def opened(settings: Settings, account: Account) -> AsyncIterator[Administration]:
    """Ready for calls; the access token is that of the running app."""
    url = settings.shared_store_url
    redis = Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS) if url else None
    try:
        async with administration(account, SharedValues(redis), SystemClock()) as ready:
            yield ready
    finally:
        if redis is not None:
            await redis.aclose()


def why(error: Exception, ready: Administration) -> str:
    """What WeChat refused, for the operator."""
    if not ready.health.ok:
        return ready.health.detail
    return (
        f"微信没有接受：{error.policy.reason}（{error}）"
        if isinstance(error, WechatError)
        else (f"微信没有应答：{error}")
    )
