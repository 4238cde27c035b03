"""What the gateway delivers, read off CMPP: citizens' messages and reports.

Answered only once it is on durable storage; not answered, the gateway sends it again.
"""

from __future__ import annotations

from collections.abc import Hashable

import structlog

from backend.ports import Account, Clock, InboxUnavailable
from channels.sms import state_lines
from channels.sms.cmpp import codes
from channels.sms.cmpp.codec import decode_report
from channels.sms.cmpp.errors import FieldError
from channels.sms.cmpp.identity import Identities
from channels.sms.cmpp.pdus import Deliver, DeliverResp, Pdu
from channels.sms.incoming import Incoming
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.long_messages import ReceivedPart
from channels.sms.message_parts import read_user_data
from channels.sms.numbers import NotANumber, normalise
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer
from channels.sms.session_health import SessionHealth

log = structlog.get_logger(__name__)

TAKEN, WRONG_STRUCTURE = 0, 1
REPEATS = "repeats_msg_id"  # a habit of a gateway


class Receiver:
    """`handle` is the session engine's handler."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        timer: Timer,
        journal: Journal,
        identities: Identities,
        habits: set[str],
        incoming: Incoming,
        rates: Rates,
        health: SessionHealth,
    ) -> None:
        """`habits`: what the gateway is known for beyond this process."""
        self._account = account
        self._clock = clock
        self._timer = timer
        self._journal = journal
        self._identities = identities
        self._habits = habits
        self._incoming = incoming
        self._rates = rates
        self._health = health

    async def handle(
        self, connection: str, sequence: Hashable, pdu: Pdu, frame: bytes
    ) -> Pdu | None:
        """The answer, None for none."""
        if not isinstance(pdu, Deliver):
            return None
        assert isinstance(sequence, int)
        try:
            if pdu.registered_delivery:
                return await self._report(pdu)
            return await self._message(connection, sequence, pdu, frame)
        except (InboxUnavailable, JournalUnavailable) as error:
            self._health.not_stored()
            log.error("sms.not_stored", account=self._account.name, reason=type(error).__name__)
            return None

    async def _message(
        self, connection: str, sequence: int, deliver: Deliver, frame: bytes
    ) -> DeliverResp:
        try:
            sender = normalise(deliver.src_terminal_id)
        except NotANumber:
            log.warning("sms.no_sender", account=self._account.name)
            return DeliverResp(deliver.msg_id, WRONG_STRUCTURE)
        known_as = self._identities.of(connection, sequence, deliver)
        concatenation, payload = None, deliver.content
        if deliver.tp_udhi:
            concatenation, payload = read_user_data(deliver.content)
        if concatenation is None:
            await self._incoming.message(
                known_as=known_as,
                sender=sender,
                receiver=deliver.dest_id,
                coding=deliver.msg_fmt,
                payload=payload,
                raw=frame,
            )
        else:
            await self._incoming.part(
                ReceivedPart(
                    known_as=known_as,
                    sender=sender,
                    receiver=deliver.dest_id,
                    concatenation=concatenation,
                    coding=deliver.msg_fmt,
                    payload=payload,
                    raw=frame,
                    at=self._clock.now(),
                )
            )
        if self._identities.repeats and REPEATS not in self._habits:
            self._habits.add(REPEATS)
            log.warning("sms.msg_id_repeated", account=self._account.name)
            await self._journal.append(state_lines.habit_line(REPEATS))
        return DeliverResp(deliver.msg_id, TAKEN)

    async def _report(self, deliver: Deliver) -> DeliverResp:
        try:
            report = decode_report(deliver.content)
        except FieldError as error:
            log.warning("sms.report_not_understood", reason=str(error))
            return DeliverResp(deliver.msg_id, WRONG_STRUCTURE)
        if codes.too_fast(report.stat):
            self._rates.slow_down(self._timer.time())
        await self._incoming.reported(
            report.msg_id,
            provider_id(report.msg_id),
            codes.receipt_state(report.stat),
            codes.printable(report.stat),
        )
        return DeliverResp(deliver.msg_id, TAKEN)


def provider_id(msg_id: int) -> str:
    """A Msg_Id as the outbox keeps it."""
    return f"{msg_id:016x}"
