"""The channel of one CMPP account."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backend.ports import Account, ChannelDependencies
from channels.sms.cmpp.codes import login_refusal
from channels.sms.cmpp.dialect import CmppDialect
from channels.sms.cmpp.identity import Identities
from channels.sms.cmpp.options import read_options
from channels.sms.cmpp.pdus import Pdu
from channels.sms.cmpp.receiving import REPEATS, Receiver
from channels.sms.cmpp.sending import CmppWording
from channels.sms.incoming import Incoming
from channels.sms.session.connection import Handler
from channels.sms.session.dialect import Dialect
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer
from channels.sms.session_channel import SessionChannel


class CmppChannel(SessionChannel[Pdu]):
    """Implements `backend.ports.Channel`."""

    def __init__(
        self, account: Account, deps: ChannelDependencies, timer: Timer | None = None
    ) -> None:
        """`timer`: the running loop where none is given. Raises ValueError."""
        self._options = read_options(account.options)
        super().__init__(account, deps, self._options, login_refusal, timer)

    def _dialects(self) -> Sequence[Callable[[], Dialect[Pdu]]]:
        options, now = self._options, self._deps.clock.now
        return [lambda: CmppDialect(options.version, options.source_addr, options.secret, now)]

    def _handler(self, incoming: Incoming, rates: Rates, timer: Timer) -> Handler[Pdu]:
        identities = Identities(repeats=self._options.repeats_msg_id or REPEATS in self._habits)
        return Receiver(
            self._account,
            self._deps.clock,
            timer,
            self._journal,
            identities,
            self._habits,
            incoming,
            rates,
            self._health,
        ).handle

    def _wording(self) -> CmppWording:
        return CmppWording(self._options)
