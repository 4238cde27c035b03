"""The channel of one SMPP account."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backend.ports import Account, ChannelDependencies
from channels.sms.incoming import Incoming
from channels.sms.session.connection import Handler
from channels.sms.session.dialect import Dialect
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer
from channels.sms.session_channel import SessionChannel
from channels.sms.smpp.codes import login_refusal
from channels.sms.smpp.data_coding import read
from channels.sms.smpp.dialect import SmppDialect
from channels.sms.smpp.message_ids import MessageIds, ReceiptIds
from channels.sms.smpp.options import BindMode, read_options
from channels.sms.smpp.pdus import BindReceiver, BindTransceiver, BindTransmitter, Pdu
from channels.sms.smpp.receiving import RECEIPT_IDS, Receiver
from channels.sms.smpp.sending import SmppWording

BINDS: dict[BindMode, tuple[type[BindTransceiver | BindTransmitter | BindReceiver], ...]] = {
    BindMode.TRANSCEIVER: (BindTransceiver,),
    BindMode.SEPARATE: (BindTransmitter, BindReceiver),
}


class SmppChannel(SessionChannel[Pdu]):
    """Implements `backend.ports.Channel`."""

    def __init__(
        self, account: Account, deps: ChannelDependencies, timer: Timer | None = None
    ) -> None:
        """`timer`: the running loop where none is given. Raises ValueError."""
        self._options = read_options(account.options)
        self._ids = MessageIds(self._options.receipt_ids)
        super().__init__(account, deps, self._options, login_refusal, timer, tls=self._options.tls)

    def _dialects(self) -> Sequence[Callable[[], Dialect[Pdu]]]:
        return [self._dialect(kind) for kind in BINDS[self._options.bind]]

    def _dialect(
        self, kind: type[BindTransceiver | BindTransmitter | BindReceiver]
    ) -> Callable[[], Dialect[Pdu]]:
        options = self._options
        bind = kind(options.system_id, options.password, options.system_type)
        return lambda: SmppDialect(bind)

    def _handler(self, incoming: Incoming, rates: Rates, timer: Timer) -> Handler[Pdu]:
        known = (way for way in ReceiptIds if f"{RECEIPT_IDS}{way}" in self._habits)
        self._ids = MessageIds(self._options.receipt_ids, next(known, None))
        return Receiver(
            self._account,
            self._deps.clock,
            timer,
            self._journal,
            self._ids,
            self._habits,
            self._long,
            incoming,
            rates,
            self._health,
        ).handle

    def _wording(self) -> SmppWording:
        return SmppWording(self._options, self._ids)

    def _decode(self, octets: bytes, coding: int) -> str:
        return read(octets, coding, self._options.default_alphabet)
