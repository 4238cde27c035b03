"""An SMPP gateway (SMSC) on a free port: takes submit_sm, reports, delivers what citizens send.

It shares the codec with the channel and nothing else; that the codec speaks SMPP is shown by
clients and gateways of other hands.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Iterator, Sequence

from channels.sms.smpp.codec import LEAST_OCTETS, decode, encode, read_header
from channels.sms.smpp.errors import SmppError
from channels.sms.smpp.pdus import (
    Bind,
    BindReceiver,
    BindReceiverResp,
    BindResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Tag,
    Tlv,
    Unbind,
    UnbindResp,
)
from channels.sms.testing import server
from channels.sms.testing.smsc_receipts import SENDER, part_number, receipt_for, written_id
from channels.sms.testing.smsc_traps import SmscTraps

SYSTEM_ID, PASSWORD = "county", "smpp-pw"
ALREADY_BOUND, WRONG_PASSWORD, UNKNOWN_COMMAND = 0x05, 0x0E, 0x03
FIRST_ID = 0x1A2B3C0  # has letters in hex, and is too large to be taken for another
_WELCOMES: dict[type, type[BindResp]] = {
    BindReceiver: BindReceiverResp,
    BindTransmitter: BindTransmitterResp,
    BindTransceiver: BindTransceiverResp,
}
type BindPdu = BindReceiver | BindTransmitter | BindTransceiver
type Answer = DeliverSmResp | DataSmResp | GenericNack


class Session(server.Session[Answer]):
    """One client's connection; `bind` is how it logged in."""

    bind: Bind | None = None

    @property
    def receives(self) -> bool:
        return isinstance(self.bind, BindReceiver | BindTransceiver)


class FakeSmsc(server.FakeGateway[Session, Pdu]):
    """`traps` may be changed at any time."""

    def __init__(
        self, traps: SmscTraps | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls=tls)
        self.traps = traps or SmscTraps()
        self.binds: list[Bind] = []
        self.submits: list[SubmitSm] = []
        self.heartbeats = 0
        self.unbound = 0
        self._numbers: Iterator[int] = itertools.count(FIRST_ID)
        self._sequences: Iterator[int] = itertools.count(1)
        self._reported: list[asyncio.Future[Answer]] = []
        self._held: list[tuple[Session, int, int]] = []

    def options(self) -> dict[str, object]:
        """Of an account that fits, impatient enough for tests."""
        return {
            "provider": "smpp",
            "host": "127.0.0.1",
            "port": self.port,
            "system_id": SYSTEM_ID,
            "password": PASSWORD,
            "sender": SENDER,
            "wait_seconds": 2,
            "answer_seconds": 0.5,
            "reconnect_seconds": 0.05,
        }

    async def release(self) -> int:
        """Answer the submit_sm held so far; the number of the last."""
        held, self._held = self._held, []
        for session, sequence, number in held:
            await self._answer(session, sequence, self._taken(number))
        return held[-1][2]

    @property
    def open(self) -> list[Session]:
        """Those logged in, the newest last."""
        return [each for each in self.sessions if each.bind is not None]

    # What citizens do.

    async def text(self, sender: str, text: str, *, extension: str = "") -> Answer | None:
        """A short message in UCS-2."""
        return await self.deliver(
            DeliverSm(
                source_addr=sender,
                destination_addr=SENDER + extension,
                data_coding=8,
                short_message=text.encode("utf-16-be"),
            )
        )

    async def deliver(
        self,
        pdu: DeliverSm | DataSm,
        *,
        sequence: int | None = None,
        seconds: float = server.ANSWER_SECONDS,
    ) -> Answer | None:
        """Send it as it is on the newest connection that receives; its answer, None where none
        came. The same `sequence` is what a gateway does when it sends again."""
        sequence = next(self._sequences) if sequence is None else sequence
        return await self.deliver_octets(encode(pdu, sequence), sequence, seconds=seconds)

    async def deliver_octets(
        self, octets: bytes, sequence: int, *, seconds: float = server.ANSWER_SECONDS
    ) -> Answer | None:
        """As `deliver`, whatever the octets are."""
        session = next(each for each in reversed(self.open) if each.receives)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        session.waiting[sequence] = answer
        await session.write(octets, bytewise=self.traps.bytewise)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if answer.cancelled():  # the session ended
                return None
            raise

    async def report(
        self, number: int, stat: str = "DELIVRD", *, receiver: str = "", seconds: float = 5.0
    ) -> Answer | None:
        """Report a submit_sm of any time."""
        return await self.deliver(receipt_for(number, stat, receiver, self.traps), seconds=seconds)

    async def reported(self) -> Sequence[Answer]:
        """The answers to all reports made by themselves so far."""
        return await asyncio.gather(*self._reported)

    # The protocol.

    def _opened(self, writer: asyncio.StreamWriter) -> Session:
        return Session(writer)

    def _left(self, session: Session) -> None:
        session.bind = None

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, Pdu] | None:
        head = await reader.readexactly(LEAST_OCTETS)
        try:
            rest = read_header(head).command_length - LEAST_OCTETS
            return decode(head + await reader.readexactly(rest))
        except SmppError:
            return None

    async def _understand(self, session: Session, sequence: int, pdu: Pdu) -> None:
        if self.traps.deaf:
            return
        match pdu:
            case BindReceiver() | BindTransmitter() | BindTransceiver():
                self.binds.append(pdu)
                await self._bind(session, sequence, pdu)
            case SubmitSm():
                self.submits.append(pdu)
                session.submits += 1
                await self._submitted(session, sequence, pdu)
            case EnquireLink():
                self.heartbeats += 1
                if self.traps.heartbeats:
                    await self._answer(session, sequence, EnquireLinkResp())
            case Unbind():
                self.unbound += 1
                await self._answer(session, sequence, UnbindResp())
            case DeliverSmResp() | DataSmResp() | GenericNack():
                waiting = session.waiting.pop(sequence, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(pdu)
            case EnquireLinkResp() | UnbindResp():
                pass
            case _:
                raise SmppError("no client sends this")

    async def _bind(
        self,
        session: Session,
        sequence: int,
        bind: BindReceiver | BindTransmitter | BindTransceiver,
    ) -> None:
        status = self.traps.bind_status
        if (bind.system_id, bind.password) != (SYSTEM_ID, PASSWORD):
            status = WRONG_PASSWORD
        if len(self.open) >= self.traps.most_connections:
            status = ALREADY_BOUND
        unknown = self.traps.no_transceiver and isinstance(bind, BindTransceiver)
        if unknown or self.traps.bind_nack:
            await self._answer(session, sequence, GenericNack(UNKNOWN_COMMAND))
            return
        welcome = _WELCOMES[type(bind)]("SMSC", (Tlv(Tag.SC_INTERFACE_VERSION, b"\x34"),), status)
        session.bind = bind if status == 0 else None
        await self._answer(session, sequence, welcome)  # type: ignore[arg-type]

    async def _submitted(self, session: Session, sequence: int, submit: SubmitSm) -> None:
        traps = self.traps
        if traps.abort_after is not None and session.submits >= traps.abort_after:
            session.abort()
            return
        if traps.unbind_after is not None and session.submits == traps.unbind_after:
            await self._answer(session, next(self._sequences), Unbind())
        if traps.silent:
            return
        status = traps.statuses.pop(0) if traps.statuses else traps.status
        number = next(self._numbers)
        if traps.hold_answers:
            self._held.append((session, sequence, number))
            return
        if status:
            refusal = GenericNack(status) if traps.nack else SubmitSmResp(status=status)
            await self._answer(session, sequence, refusal)
            return
        if traps.report_first:
            self._report_all(submit, number)
        await self._answer(session, sequence, self._taken(number))
        if not traps.report_first:
            self._report_all(submit, number)

    def _taken(self, number: int) -> SubmitSmResp:
        return SubmitSmResp(written_id(number, self.traps.answer_ids))

    def _report_all(self, submit: SubmitSm, number: int) -> None:
        if not submit.registered_delivery & 1:
            return
        if self.traps.only_part not in (None, part_number(submit)):
            return
        session = next(each for each in reversed(self.open) if each.receives)
        for _ in range(self.traps.reports):
            report = receipt_for(number, self.traps.stat, submit.destination_addr, self.traps)
            sequence = next(self._sequences)
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            session.waiting[sequence] = answer
            self._reported.append(answer)
            session.write_now(encode(report, sequence))

    async def _answer(self, session: Session, sequence: int, pdu: Pdu) -> None:
        octets = encode(pdu, sequence)
        if self.traps.bare_answers and isinstance(pdu, SubmitSmResp | BindResp) and pdu.status:
            octets = LEAST_OCTETS.to_bytes(4, "big") + octets[4:LEAST_OCTETS]
        await session.write(octets, bytewise=self.traps.bytewise)
