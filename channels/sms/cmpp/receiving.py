"""What the gateway delivers: citizens' messages to the inbox, reports to the outbox.

Answered only once it is on durable storage; not answered, the gateway sends it again.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from importlib.resources import files

import structlog
import yaml

from backend.ports import (
    Account,
    Clock,
    DeliveryReceipt,
    Gateway,
    Inbound,
    InboxUnavailable,
    MessageKind,
    ReceiptState,
)
from channels.sms.cmpp import codes, state_lines
from channels.sms.cmpp.codec import decode_report
from channels.sms.cmpp.errors import FieldError
from channels.sms.cmpp.health import CmppHealth
from channels.sms.cmpp.identity import Identities
from channels.sms.cmpp.pdus import Deliver, DeliverResp, Pdu
from channels.sms.cmpp.sent_parts import SentParts, Verdict
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.long_messages import LongMessage, LongMessages, ReceivedPart
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.numbers import NotANumber, normalise
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer

log = structlog.get_logger(__name__)

TAKEN, WRONG_STRUCTURE = 0, 1


@cache
def gap() -> str:
    """What stands where a part of a long message did not come."""
    text = files("channels.sms").joinpath("texts.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["gap"])


class Receiver:
    """`handle` is the session engine's handler."""

    def __init__(
        self,
        account: Account,
        sender: str,
        gateway: Gateway,
        clock: Clock,
        timer: Timer,
        journal: Journal,
        identities: Identities,
        long: LongMessages,
        sent: SentParts,
        rates: Rates,
        health: CmppHealth,
    ) -> None:
        """`sender`: our service number."""
        self._account = account
        self._sender = sender
        self._gateway = gateway
        self._clock = clock
        self._timer = timer
        self._journal = journal
        self._identities = identities
        self._repeats_noted = identities.repeats
        self._long = long
        self._sent = sent
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
        self._health.received()
        if concatenation is None:
            await self._gateway.accept(
                Inbound(
                    channel=self._account.channel,
                    account=self._account.name,
                    address=sender,
                    external_id=known_as,
                    kind=MessageKind.TEXT,
                    text=decode_text(payload, deliver.msg_fmt),
                    raw=frame,
                    extension=self._extension(deliver.dest_id),
                )
            )
        else:
            await self._part(
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
        if self._identities.repeats and not self._repeats_noted:
            self._repeats_noted = True
            log.warning("sms.msg_id_repeated", account=self._account.name)
            await self._journal.append(state_lines.repeats_line())
        return DeliverResp(deliver.msg_id, TAKEN)

    async def _part(self, part: ReceivedPart) -> None:
        if self._long.seen(part.known_as):
            return
        message, _ = self._long.add(part)
        # One that is there already may not have reached the disk.
        await self._journal.append(state_lines.part_line(part))
        if message.whole:
            await self._hand_on(message)

    async def _hand_on(self, message: LongMessage) -> None:
        await self._gateway.accept(
            Inbound(
                channel=self._account.channel,
                account=self._account.name,
                address=message.sender,
                external_id=f"{message.id}-long",
                kind=MessageKind.TEXT,
                text=message.text(gap()),
                raw=message.raw,
                extension=self._extension(message.receiver),
            )
        )
        known = [part.known_as for part in message.parts.values()]
        now = self._clock.now()
        self._long.stored(message, now)
        await self._journal.append(state_lines.stored_line(known, now))

    async def hand_on_due(self) -> None:
        """Messages whose missing parts did not come, and those the inbox did not take before.
        Raises InboxUnavailable, JournalUnavailable."""
        for message in self._long.due(self._clock.now()):
            if not message.whole:
                self._long.give_up(message)
            await self._hand_on(message)

    async def _report(self, deliver: Deliver) -> DeliverResp:
        try:
            report = decode_report(deliver.content)
        except FieldError as error:
            log.warning("sms.report_not_understood", reason=str(error))
            return DeliverResp(deliver.msg_id, WRONG_STRUCTURE)
        state, word = codes.receipt_state(report.stat), codes.printable(report.stat)
        self._health.reported(state)
        if codes.too_fast(report.stat):
            self._rates.slow_down(self._timer.time())
        if self._sent.knows(report.msg_id):
            await self._part_reported(report.msg_id, state, word)
        else:
            # Of a message in one part, or of one the gateway has not answered yet.
            self._sent.reported(report.msg_id, state, word)
            await self._gateway.receipt(
                DeliveryReceipt(
                    account=self._account.name,
                    state=state,
                    provider_id=provider_id(report.msg_id),
                    detail=word,
                )
            )
        return DeliverResp(deliver.msg_id, TAKEN)

    async def _part_reported(self, msg_id: int, state: ReceiptState, word: str) -> None:
        verdict = self._sent.reported(msg_id, state, word)
        if verdict is not None:
            try:
                await self.tell(verdict)
            except InboxUnavailable:
                self._sent.untell(verdict.outbox_id)  # the gateway will report again
                raise
        await self._journal.append(state_lines.report_line(msg_id, state, word))

    async def tell(self, verdict: Verdict) -> None:
        """What a message of several parts has come to. Raises InboxUnavailable."""
        await self._gateway.receipt(
            DeliveryReceipt(
                account=self._account.name,
                state=verdict.state,
                outbox_id=verdict.outbox_id,
                detail=verdict.detail,
            )
        )

    def _extension(self, receiver: str) -> str:
        return receiver.removeprefix(self._sender) if receiver.startswith(self._sender) else ""


def provider_id(msg_id: int) -> str:
    """A Msg_Id as the outbox keeps it."""
    return f"{msg_id:016x}"
