"""What the gateway delivers, read off SMPP: citizens' messages and receipts.

Answered with 0 only once it is on durable storage, and until then with ESME_RX_T_APPN: the gateway
delivers it again later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from datetime import timedelta

import structlog

from backend.ports import Account, Clock, InboxUnavailable
from channels.sms import state_lines
from channels.sms.incoming import Incoming
from channels.sms.journal import Journal, JournalUnavailable
from channels.sms.long_messages import LongMessages, ReceivedPart
from channels.sms.message_parts import Concatenation, concatenation, read_user_data
from channels.sms.numbers import NotANumber, normalise
from channels.sms.session.rates import Rates
from channels.sms.session.timing import Timer
from channels.sms.session_health import SessionHealth
from channels.sms.smpp import codes
from channels.sms.smpp.codec import LEAST_OCTETS
from channels.sms.smpp.message_ids import MessageIds
from channels.sms.smpp.pdus import (
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    Pdu,
    QuerySm,
    Status,
    SubmitSm,
    Tag,
    parameter,
)
from channels.sms.smpp.receipts import Receipt, is_receipt, read_receipt
from channels.sms.smpp.sending import UDHI

log = structlog.get_logger(__name__)

RECEIPT_IDS = "receipt_ids="  # a habit of a gateway, with the way that was learnt
SAR_OCTETS = 2  # of its reference


class Receiver:
    """`handle` is the session engine's handler."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        timer: Timer,
        journal: Journal,
        ids: MessageIds,
        habits: set[str],
        long: LongMessages,
        incoming: Incoming,
        rates: Rates,
        health: SessionHealth,
    ) -> None:
        """`habits`: what the gateway is known for beyond this process."""
        self._account = account
        self._clock = clock
        self._timer = timer
        self._journal = journal
        self._ids = ids
        self._habits = habits
        self._long = long
        self._incoming = incoming
        self._rates = rates
        self._health = health

    async def handle(
        self, connection: str, sequence: Hashable, pdu: Pdu, frame: bytes
    ) -> Pdu | None:
        """The answer, None for none."""
        match pdu:
            case DeliverSm():
                return DeliverSmResp(status=await self._take(connection, sequence, pdu, frame))
            case DataSm():
                return DataSmResp(status=await self._take(connection, sequence, pdu, frame))
            case SubmitSm() | QuerySm():
                return GenericNack(Status.INVALID_COMMAND_ID)  # we are no gateway
        return None

    async def _take(
        self, connection: str, sequence: Hashable, pdu: DeliverSm | DataSm, frame: bytes
    ) -> Status:
        try:
            if is_receipt(pdu):
                return await self._receipt(pdu)
            # Of messages that are whole nothing else tells a second one from the first. With the
            # digest, other words are another message even where a gateway does not count.
            digest = hashlib.sha256(frame[LEAST_OCTETS:]).hexdigest()[:12]
            return await self._message(f"{connection}-{sequence:08x}-{digest}", pdu, frame)
        except (InboxUnavailable, JournalUnavailable) as error:
            self._health.not_stored()
            log.error("sms.not_stored", account=self._account.name, reason=type(error).__name__)
            return Status.RECEIVER_TEMPORARY

    async def _message(self, known_as: str, pdu: DeliverSm | DataSm, frame: bytes) -> Status:
        try:
            sender = normalise(pdu.source_addr)
        except NotANumber:
            log.warning("sms.no_sender", account=self._account.name)
            return Status.INVALID_SOURCE
        place, payload = _place(pdu)
        if place is None:
            await self._incoming.message(
                known_as=known_as,
                sender=sender,
                receiver=pdu.destination_addr,
                coding=pdu.data_coding,
                payload=payload,
                raw=frame,
            )
            return Status.OK
        await self._incoming.part(
            ReceivedPart(
                known_as=self._part_known_as(sender, pdu.destination_addr, place, payload),
                sender=sender,
                receiver=pdu.destination_addr,
                concatenation=place,
                coding=pdu.data_coding,
                payload=payload,
                raw=frame,
                at=self._clock.now(),
            )
        )
        return Status.OK

    def _part_known_as(
        self, sender: str, receiver: str, place: Concatenation, payload: bytes
    ) -> str:
        """A part says itself which it is: the same reference, place and words within a day are
        the same part, sent again."""
        where = (place.octets, place.reference, place.total, place.number)
        told = "\0".join(map(str, (sender, receiver, *where, "")))
        digest = hashlib.sha256(told.encode() + payload).hexdigest()[:20]
        now = self._clock.now()
        today, before = (f"{digest}-{day:%Y%m%d}" for day in (now, now - timedelta(days=1)))
        return before if self._long.seen(before) else today

    async def _receipt(self, pdu: DeliverSm | DataSm) -> Status:
        receipt = read_receipt(pdu)
        if receipt is None:
            # Sent again it would say no more.
            log.warning("sms.report_not_understood", account=self._account.name)
            return Status.OK
        if codes.too_fast(receipt.stat):
            self._rates.slow_down(self._timer.time())
        name = self._ids.of_receipt(receipt.message_id, _number(pdu.source_addr))
        await self._note_way()
        await self._incoming.reported(name, name, codes.receipt_state(receipt.stat), _word(receipt))
        return Status.OK

    async def _note_way(self) -> None:
        habit = f"{RECEIPT_IDS}{self._ids.way}"
        if not self._ids.learnt or habit in self._habits:
            return
        self._habits.add(habit)
        log.info("sms.receipt_ids", account=self._account.name, way=self._ids.way.value)
        await self._journal.append(state_lines.habit_line(habit))


def _place(pdu: DeliverSm | DataSm) -> tuple[Concatenation | None, bytes]:
    """Which part of a long message it is (None: it is whole), and its octets without a header."""
    if pdu.esm_class & UDHI:
        return read_user_data(pdu.content)
    reference, total, number = (
        int.from_bytes(parameter(pdu.tlvs, tag) or b"", "big")
        for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    )
    return concatenation(reference, total, number, SAR_OCTETS), pdu.content


def _number(address: str) -> str:
    try:
        return normalise(address)
    except NotANumber:
        return ""


def _word(receipt: Receipt) -> str:
    word = codes.printable(receipt.stat)
    return f"{word} {codes.printable(receipt.error)}" if receipt.error else word
