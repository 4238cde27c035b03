"""The channel of one account at a cloud gateway, whichever provider's."""

from __future__ import annotations

from typing import Any

from backend.ports import Account, ChannelDependencies
from channels.sms.callers import CallerCheck
from channels.sms.cloud.callbacks import CloudCallbacks, Decoder
from channels.sms.cloud.health import CloudHealth
from channels.sms.cloud.options import CloudOptions
from channels.sms.cloud.sending import CloudProtocol, CloudSender
from channels.sms.http_channel import HttpChannel


class CloudChannel(HttpChannel):
    """`provider`: what people call it."""

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
        callers = CallerCheck(options.key, options.allow_from, deps.trusted_proxies)
        super().__init__(
            CloudSender(options, protocol, deps.clock, self._health),
            CloudCallbacks(account, deps.gateway, callers, decoder, self._health),
        )

    async def health(self) -> dict[str, Any]:
        """Asking costs a message, so it is what the last calls told."""
        return self._health.facts()
