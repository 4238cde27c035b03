"""The channel of one Kannel account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from backend.ports import (
    Account,
    ChannelDependencies,
    MediaContent,
    MediaRef,
    MediaUnavailable,
    Outbound,
    SendResult,
)
from channels.sms.callers import CallerCheck
from channels.sms.kannel.callbacks import Callbacks
from channels.sms.kannel.health import KannelHealth
from channels.sms.kannel.options import read_options
from channels.sms.kannel.sendsms import Sendsms


class KannelChannel:
    """Implements `backend.ports.Channel`."""

    def __init__(self, account: Account, deps: ChannelDependencies) -> None:
        options = read_options(account.options)
        self._health = KannelHealth(deps.clock)
        self._sendsms = Sendsms(account.name, options, self._health)
        callers = CallerCheck(options.key, options.allow_from, deps.trusted_proxies)
        self._callbacks = Callbacks(account, deps.gateway, callers)

    @property
    def idempotent(self) -> bool:
        """sendsms takes no id of ours that it would refuse twice."""
        return False

    def routes(self) -> Sequence[web.RouteDef]:
        return self._callbacks.routes()

    async def start(self) -> None:
        self._sendsms.open()

    async def close(self) -> None:
        await self._sendsms.close()

    async def send(self, message: Outbound) -> SendResult:
        return await self._sendsms.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        raise MediaUnavailable("sms carries no media", permanent=True)

    async def health(self) -> dict[str, Any]:
        await self._sendsms.probe()
        last = self._health.last_answer_at
        return {
            "ok": self._health.ok,
            "detail": self._health.detail,
            "last_answer_at": last.isoformat() if last else None,
        }


def create(account: Account, deps: ChannelDependencies) -> KannelChannel:
    """Raises ValueError naming the option that is wrong."""
    return KannelChannel(account, deps)
