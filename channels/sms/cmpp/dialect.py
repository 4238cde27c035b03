"""CMPP as the session engine wants to know it: we are the SP, the client."""

from __future__ import annotations

import hmac
import itertools
import secrets
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime

from channels.sms.cmpp.authentication import (
    authenticator_ismg,
    authenticator_source,
    timestamp_of,
)
from channels.sms.cmpp.codec import LEAST_OCTETS, MOST_OCTETS, Codec, read_header
from channels.sms.cmpp.codes import login_refusal
from channels.sms.cmpp.errors import CmppError, FieldError
from channels.sms.cmpp.pdus import (
    ActiveTest,
    ActiveTestResp,
    Cancel,
    CancelResp,
    Command,
    Connect,
    ConnectResp,
    Deliver,
    DeliverResp,
    Pdu,
    Query,
    QueryResp,
    Submit,
    SubmitResp,
    Terminate,
    TerminateResp,
    Version,
)
from channels.sms.session.dialect import Admission, Meaning, ProtocolError

WRONG_STRUCTURE = 1
MOST_SEQUENCES = 1 << 31  # some gateways read them with a sign

_MEANINGS: dict[type, Meaning] = {
    Connect: Meaning.LOGIN,
    ConnectResp: Meaning.LOGIN_ANSWER,
    ActiveTest: Meaning.HEARTBEAT,
    ActiveTestResp: Meaning.HEARTBEAT_ANSWER,
    Terminate: Meaning.TERMINATE,
    TerminateResp: Meaning.TERMINATE_ANSWER,
    Submit: Meaning.REQUEST,
    SubmitResp: Meaning.ANSWER,
    Deliver: Meaning.REQUEST,
    DeliverResp: Meaning.ANSWER,
    Query: Meaning.REQUEST,
    QueryResp: Meaning.ANSWER,
    Cancel: Meaning.REQUEST,
    CancelResp: Meaning.ANSWER,
}
_OTHER_VERSION = {True: Version.V20, False: Version.V30}


class CmppDialect:
    """Made anew for each connection. See `channels.sms.session.dialect.Dialect`."""

    least_octets = LEAST_OCTETS
    most_octets = MOST_OCTETS

    def __init__(
        self, version: Version, source_addr: str, secret: str, now: Callable[[], datetime]
    ) -> None:
        self._codec = Codec(version)
        self._source_addr = source_addr
        self._secret = secret
        self._now = now
        self._authenticator = b""

    def decode(self, frame: bytes) -> tuple[int, Pdu]:
        try:
            return self._codec.decode(frame)
        except FieldError as error:
            if read_header(frame).command is Command.CONNECT_RESP:
                return self._other_versions_answer(frame)
            raise ProtocolError(str(error)) from error
        except CmppError as error:
            raise ProtocolError(str(error)) from error

    def _other_versions_answer(self, frame: bytes) -> tuple[int, Pdu]:
        """A gateway that refuses our version may say so in its own."""
        try:
            return Codec(_OTHER_VERSION[self._codec.version.is_3]).decode(frame)
        except CmppError as error:
            raise ProtocolError(str(error)) from error

    def refuse(self, frame: bytes) -> bytes | None:
        header = read_header(frame)
        if header.command is not Command.DELIVER or len(frame) < LEAST_OCTETS + 8:
            return None
        msg_id = int.from_bytes(frame[LEAST_OCTETS : LEAST_OCTETS + 8], "big")
        return self._codec.encode(DeliverResp(msg_id, WRONG_STRUCTURE), header.sequence_id)

    def encode(self, pdu: Pdu, sequence: Hashable) -> bytes:
        assert isinstance(sequence, int)
        return self._codec.encode(pdu, sequence)

    def sequences(self) -> Iterator[int]:
        # Not from 1: a gateway that compares with the connection before sees new numbers.
        first = secrets.randbelow(MOST_SEQUENCES // 2)
        return (number % MOST_SEQUENCES for number in itertools.count(first))

    def meaning(self, pdu: Pdu) -> Meaning:
        return _MEANINGS[type(pdu)]

    def login(self) -> Connect:
        timestamp = timestamp_of(self._now())
        self._authenticator = authenticator_source(self._source_addr, self._secret, timestamp)
        return Connect(self._source_addr, self._authenticator, int(self._codec.version), timestamp)

    def admit(self, pdu: Pdu) -> Admission:
        if not isinstance(pdu, ConnectResp):
            return Admission("the gateway logs in to us", status=-1)
        if pdu.status != 0:
            return Admission(login_refusal(pdu.status).reason, pdu.status)
        expected = authenticator_ismg(
            pdu.status, self._authenticator, self._secret, self._codec.version
        )
        if hmac.compare_digest(expected, pdu.authenticator_ismg):
            return Admission()
        return Admission(warning="AuthenticatorISMG is not what the protocol says")

    def heartbeat(self) -> ActiveTest:
        return ActiveTest()

    def terminate(self) -> Terminate:
        return Terminate()

    def answer(self, pdu: Pdu) -> Pdu:
        return ActiveTestResp() if isinstance(pdu, ActiveTest) else TerminateResp()
