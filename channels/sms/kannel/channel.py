"""The channel of one Kannel account."""

from __future__ import annotations

from typing import Any

from backend.ports import Account, ChannelDependencies
from channels.sms.callers import CallerCheck
from channels.sms.http_channel import HttpChannel
from channels.sms.kannel.callbacks import Callbacks
from channels.sms.kannel.health import KannelHealth
from channels.sms.kannel.options import read_options
from channels.sms.kannel.sendsms import Sendsms


class KannelChannel(HttpChannel):
    """One account of Kannel's."""

    def __init__(self, account: Account, deps: ChannelDependencies) -> None:
        options = read_options(account.options)
        self._health = KannelHealth(deps.clock)
        self._sendsms = Sendsms(account.name, options, self._health)
        callers = CallerCheck(options.key, options.allow_from, deps.trusted_proxies)
        super().__init__(self._sendsms, Callbacks(account, deps.gateway, callers))

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
