"""The channel of one account at a cloud gateway, whichever provider's."""

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
from channels.sms.cloud.callbacks import CloudCallbacks, Decoder
from channels.sms.cloud.health import CloudHealth
from channels.sms.cloud.options import CloudOptions
from channels.sms.cloud.sending import CloudProtocol, CloudSender


class CloudChannel:
    """Implements `backend.ports.Channel`. `provider`: what people call it."""

    def __init__(
        self,
        account: Account,
        deps: ChannelDependencies,
        options: CloudOptions,
        protocol: CloudProtocol,
        decoder: Decoder,
        provider: str,
    ) -> None:
        self._health = CloudHealth(deps.clock, provider)
        self._sender = CloudSender(options, protocol, deps.clock, self._health)
        callers = CallerCheck(options.key, options.allow_from, deps.trusted_proxies)
        self._callbacks = CloudCallbacks(account, deps.gateway, callers, decoder, self._health)

    @property
    def idempotent(self) -> bool:
        """A request carries no id of ours that the provider would refuse twice."""
        return False

    def routes(self) -> Sequence[web.RouteDef]:
        return self._callbacks.routes()

    async def start(self) -> None:
        self._sender.open()

    async def close(self) -> None:
        await self._sender.close()

    async def send(self, message: Outbound) -> SendResult:
        return await self._sender.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        raise MediaUnavailable("sms carries no media", permanent=True)

    async def health(self) -> dict[str, Any]:
        """Asking costs a message, so it is what the last calls told."""
        return self._health.facts()
