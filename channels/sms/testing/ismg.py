"""A CMPP gateway on a free port: takes SUBMITs, reports them, delivers what citizens send.

It shares the codec with the channel and nothing else; that the codec speaks CMPP is shown by
recorded frames and by an independent client.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime

from channels.sms.cmpp.authentication import SHANGHAI, authenticator_ismg, authenticator_source
from channels.sms.cmpp.codec import LEAST_OCTETS, Codec, read_header
from channels.sms.cmpp.errors import CmppError
from channels.sms.cmpp.msg_id import MsgId
from channels.sms.cmpp.pdus import (
    ActiveTest,
    ActiveTestResp,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Pdu,
    Report,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
)
from channels.sms.testing import server
from channels.sms.testing.traps import Traps

SOURCE_ADDR, SECRET, SENDER = "900001", "shared-secret-7", "1069000088"
STATUS_AUTHENTICATION, STATUS_TOO_MANY = 3, 5
_SHORT_HEARTBEAT_ANSWER = bytes.fromhex("0000000c80000008")


class Session(server.Session[Pdu]):
    """One client's connection; `open` while it is logged in."""

    def __init__(self, writer: asyncio.StreamWriter, codec: Codec) -> None:
        super().__init__(writer)
        self._codec = codec
        self.open = False

    def encode(self, pdu: Pdu, sequence: int) -> bytes:
        return self._codec.encode(pdu, sequence)


class FakeIsmg(server.FakeGateway[Session, Pdu]):
    """`traps` may be changed at any time."""

    def __init__(
        self,
        version: Version = Version.V30,
        *,
        source_addr: str = SOURCE_ADDR,
        secret: str = SECRET,
        traps: Traps | None = None,
    ) -> None:
        super().__init__()
        self.version = version
        self.traps = traps or Traps()
        self.connects: list[Connect] = []
        self.submits: list[Submit] = []
        self.heartbeats = 0
        self.terminated = 0
        self._source_addr = source_addr
        self._secret = secret
        self._codec = Codec(version)
        self._msg_ids: Iterator[int] = itertools.count(1)
        self._sequences: Iterator[int] = itertools.count(1)
        self._reported: list[asyncio.Future[DeliverResp]] = []
        self._held: list[tuple[Session, int, int]] = []

    def options(self) -> dict[str, object]:
        """Of an account that fits, impatient enough for tests."""
        return {
            "provider": "cmpp",
            "host": "127.0.0.1",
            "port": self.port,
            "version": "3.0" if self.version.is_3 else "2.0",
            "source_addr": self._source_addr,
            "secret": self._secret,
            "sender": SENDER,
            "wait_seconds": 2,
            "answer_seconds": 0.5,
            "reconnect_seconds": 0.05,
        }

    async def release(self) -> int:
        """Answer the SUBMITs held so far; the Msg_Id of the last."""
        held, self._held = self._held, []
        for session, sequence, msg_id in held:
            await self._answer(session, sequence, SubmitResp(msg_id, 0))
        return held[-1][2]

    # What citizens do.

    async def text(
        self, sender: str, text: str, *, extension: str = "", session: Session | None = None
    ) -> DeliverResp | None:
        """A short message in UCS-2."""
        return await self.deliver(
            Deliver(
                msg_id=self.next_msg_id(),
                dest_id=SENDER + extension,
                msg_fmt=8,
                src_terminal_id=sender,
                content=text.encode("utf-16-be"),
            ),
            session=session,
        )

    async def deliver(
        self,
        deliver: Deliver,
        *,
        session: Session | None = None,
        sequence: int | None = None,
        seconds: float = server.ANSWER_SECONDS,
    ) -> DeliverResp | None:
        """Send a DELIVER as it is and give its answer, None where none came. The same `sequence`
        on the same session is what a gateway does when it sends again."""
        session = session or self.session()
        sequence = next(self._sequences) if sequence is None else sequence
        answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        session.waiting[sequence] = answer
        await session.write(session.encode(deliver, sequence), bytewise=self.traps.bytewise)
        try:
            async with asyncio.timeout(seconds):
                found = await answer
        except TimeoutError:
            return None
        except asyncio.CancelledError:
            if answer.cancelled():  # the session ended
                return None
            raise
        return found if isinstance(found, DeliverResp) else None

    async def report(
        self, msg_id: int, stat: str = "DELIVRD", *, number: str = "", seconds: float = 5.0
    ) -> DeliverResp | None:
        """Report a SUBMIT of any time."""
        return await self.deliver(self._report(msg_id, stat, number), seconds=seconds)

    async def reported(self) -> Sequence[DeliverResp]:
        """The answers to all reports made by themselves so far."""
        return await asyncio.gather(*self._reported)

    def session(self) -> Session:
        """The newest open one."""
        return next(each for each in reversed(self.sessions) if each.open)

    def next_msg_id(self) -> int:
        now = datetime.now(SHANGHAI)
        trapped = self.traps.one_msg_id
        if trapped is not None:
            return trapped
        number = next(self._msg_ids) & 0xFFFF
        return MsgId(now.month, now.day, now.hour, now.minute, now.second, 1001, number).pack()

    # The protocol.

    def _opened(self, writer: asyncio.StreamWriter) -> Session:
        return Session(writer, self._codec)

    def _left(self, session: Session) -> None:
        session.open = False

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, Pdu] | None:
        head = await reader.readexactly(LEAST_OCTETS)
        try:
            rest = read_header(head).total_length - LEAST_OCTETS
            return self._codec.decode(head + await reader.readexactly(rest))
        except CmppError:
            return None

    async def _understand(self, session: Session, sequence: int, pdu: Pdu) -> None:
        if self.traps.deaf:
            return
        match pdu:
            case Connect():
                self.connects.append(pdu)
                await self._answer(session, sequence, self._connected(session, pdu))
            case Submit():
                self.submits.append(pdu)
                session.submits += 1
                await self._submitted(session, sequence, pdu)
            case ActiveTest():
                self.heartbeats += 1
                await self._beat(session, sequence)
            case Terminate():
                self.terminated += 1
                await self._answer(session, sequence, TerminateResp())
            case DeliverResp() | ActiveTestResp() | TerminateResp():
                waiting = session.waiting.pop(sequence, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(pdu)
            case _:
                raise CmppError("no client sends this")

    def _connected(self, session: Session, connect: Connect) -> ConnectResp:
        proof = authenticator_source(self._source_addr, self._secret, connect.timestamp)
        status = self.traps.connect_status
        if proof != connect.authenticator_source:
            status = STATUS_AUTHENTICATION
        if sum(each.open for each in self.sessions) >= self.traps.most_connections:
            status = STATUS_TOO_MANY
        session.open = status == 0
        answer = authenticator_ismg(
            status, connect.authenticator_source, self._secret, self.version
        )
        return ConnectResp(status, answer if self.traps.proof else bytes(16), int(self.version))

    async def _submitted(self, session: Session, sequence: int, submit: Submit) -> None:
        traps = self.traps
        if traps.abort_after is not None and session.submits >= traps.abort_after:
            session.abort()
            return
        if traps.terminate_after is not None and session.submits == traps.terminate_after:
            await self._answer(session, next(self._sequences), Terminate())
        if traps.silent:
            return
        result = traps.results.pop(0) if traps.results else traps.result
        msg_id = MsgId(11, 23, 15, 29, 4, 1001, next(self._msg_ids) & 0xFFFF).pack()
        if traps.hold_answers:
            self._held.append((session, sequence, msg_id))
            return
        if traps.report_first and result == 0:
            self._report_all(session, submit, msg_id)
        await self._answer(session, sequence, SubmitResp(msg_id if result == 0 else 0, result))
        if not traps.report_first and result == 0:
            self._report_all(session, submit, msg_id)

    def _report_all(self, session: Session, submit: Submit, msg_id: int) -> None:
        if not submit.registered_delivery:
            return
        if self.traps.only_part is not None and submit.pk_number != self.traps.only_part:
            return
        for _ in range(self.traps.reports):
            report = self._report(msg_id, self.traps.stat, submit.dest_terminal_id[0])
            sequence = next(self._sequences)
            answer: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
            session.waiting[sequence] = answer
            self._reported.append(answer)  # type: ignore[arg-type]
            session.write_now(session.encode(report, sequence))

    def _report(self, msg_id: int, stat: str, number: str) -> Deliver:
        report = Report(msg_id, stat, "2611231529", "2611231530", number, 7)
        return Deliver(
            msg_id=MsgId(11, 23, 15, 30, 0, 1001, next(self._msg_ids) & 0xFFFF).pack(),
            dest_id=SENDER,
            src_terminal_id=number,
            registered_delivery=1,
            content=self._codec.encode_report(report),
        )

    async def _beat(self, session: Session, sequence: int) -> None:
        match self.traps.heartbeats:
            case "whole":
                await self._answer(session, sequence, ActiveTestResp())
            case "short":
                octets = _SHORT_HEARTBEAT_ANSWER + sequence.to_bytes(4, "big")
                await session.write(octets, bytewise=self.traps.bytewise)
            case "none":
                pass

    async def _answer(self, session: Session, sequence: int, pdu: Pdu) -> None:
        await session.write(session.encode(pdu, sequence), bytewise=self.traps.bytewise)
