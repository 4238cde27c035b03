"""SMPP as the session engine wants to know it: we are the ESME, the client."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator

from channels.sms.session.dialect import Admission, Meaning, ProtocolError
from channels.sms.smpp.codec import (
    LEAST_OCTETS,
    MOST_OCTETS,
    decode,
    encode,
    read_header,
    status_for,
)
from channels.sms.smpp.codes import login_refusal
from channels.sms.smpp.errors import FieldError, FrameError, SmppError
from channels.sms.smpp.pdus import (
    AlertNotification,
    Bind,
    BindReceiver,
    BindReceiverResp,
    BindResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    Command,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)

LAST_SEQUENCE = 0x7FFFFFFF
BIND_FAILED = 0x0D

_MEANINGS: dict[type, Meaning] = {
    BindReceiver: Meaning.LOGIN,
    BindTransmitter: Meaning.LOGIN,
    BindTransceiver: Meaning.LOGIN,
    BindReceiverResp: Meaning.LOGIN_ANSWER,
    BindTransmitterResp: Meaning.LOGIN_ANSWER,
    BindTransceiverResp: Meaning.LOGIN_ANSWER,
    EnquireLink: Meaning.HEARTBEAT,
    EnquireLinkResp: Meaning.HEARTBEAT_ANSWER,
    Unbind: Meaning.TERMINATE,
    UnbindResp: Meaning.TERMINATE_ANSWER,
    SubmitSm: Meaning.REQUEST,
    DeliverSm: Meaning.REQUEST,
    DataSm: Meaning.REQUEST,
    QuerySm: Meaning.REQUEST,
    Outbind: Meaning.REQUEST,
    AlertNotification: Meaning.REQUEST,
    SubmitSmResp: Meaning.ANSWER,
    DeliverSmResp: Meaning.ANSWER,
    DataSmResp: Meaning.ANSWER,
    QuerySmResp: Meaning.ANSWER,
}


class SmppDialect:
    """Made anew for each connection. See `channels.sms.session.dialect.Dialect`."""

    least_octets = LEAST_OCTETS
    most_octets = MOST_OCTETS

    def __init__(self, bind: BindTransceiver | BindTransmitter | BindReceiver) -> None:
        self._bind = bind
        self._bound = False

    def decode(self, frame: bytes) -> tuple[int, Pdu]:
        try:
            return decode(frame)
        except SmppError as error:
            raise ProtocolError(str(error)) from error

    def refuse(self, frame: bytes) -> bytes | None:
        header = read_header(frame)
        if header.command_id & Command.GENERIC_NACK:
            return None  # an answer, though we cannot read it
        try:
            decode(frame)
        except (FrameError, FieldError) as error:
            status = status_for(error)
        else:
            return None
        refusal: Pdu
        match header.command:
            case Command.DELIVER_SM:
                refusal = DeliverSmResp(status=status)
            case Command.DATA_SM:
                refusal = DataSmResp(status=status)
            case _:
                refusal = GenericNack(status)
        return encode(refusal, header.sequence_number)

    def encode(self, pdu: Pdu, sequence: Hashable) -> bytes:
        assert isinstance(sequence, int)
        return encode(pdu, sequence)

    def sequences(self) -> Iterator[int]:
        return itertools.cycle(range(1, LAST_SEQUENCE + 1))

    def meaning(self, pdu: Pdu) -> Meaning:
        if isinstance(pdu, GenericNack):
            return Meaning.ANSWER if self._bound else Meaning.LOGIN_ANSWER
        return _MEANINGS[type(pdu)]

    def login(self) -> BindTransceiver | BindTransmitter | BindReceiver:
        return self._bind

    def admit(self, pdu: Pdu) -> Admission:
        if isinstance(pdu, Bind):
            return Admission("the gateway logs in to us", status=-1)
        assert isinstance(pdu, BindResp | GenericNack)
        if isinstance(pdu, GenericNack) or pdu.status != 0:
            status = pdu.status or BIND_FAILED
            return Admission(login_refusal(status).reason, status)
        self._bound = True
        return Admission()

    def heartbeat(self) -> EnquireLink:
        return EnquireLink()

    def terminate(self) -> Unbind:
        return Unbind()

    def answer(self, pdu: Pdu) -> Pdu:
        return EnquireLinkResp() if isinstance(pdu, EnquireLink) else UnbindResp()
