"""A message as submit_sm, and what the answers mean."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from backend.ports import Outbound
from channels.sms.message_parts import TooLong
from channels.sms.numbers import MOBILE, normalise
from channels.sms.outgoing import Judged
from channels.sms.sent_parts import PartId
from channels.sms.signature import signed
from channels.sms.smpp.codes import submit_result
from channels.sms.smpp.data_coding import Written, write
from channels.sms.smpp.message_ids import MessageIds
from channels.sms.smpp.options import LongForm, NumberForm, SmppOptions
from channels.sms.smpp.pdus import GenericNack, Pdu, SubmitSm, SubmitSmResp, Tag, Tlv

UDHI = 0x40  # of esm_class: the text begins with a header
WANTS_RECEIPT = 1


class SmppWording:
    """See `channels.sms.outgoing.Wording`."""

    def __init__(self, options: SmppOptions, ids: MessageIds) -> None:
        self._options = options
        self._ids = ids

    def submits(self, message: Outbound) -> Sequence[Pdu]:
        options = self._options
        number = self._number(message.address)
        written = write(signed(message.text, options.signature), options.default_alphabet)
        if len(written.pieces) > options.max_parts:
            raise TooLong(f"{len(written.pieces)} parts, see option max_parts")
        return [
            self._submit(number, message.extension, written.data_coding, *shaped)
            for shaped in _shapes(written, options.long_messages, message.outbox_id)
        ]

    def judge(self, submit: Pdu, answer: Pdu, tries: int) -> Judged | None:
        if not isinstance(answer, SubmitSmResp | GenericNack):
            return None
        result, shown = submit_result(answer.status), f"command_status 是 0x{answer.status:08X}"
        if result.outcome != "sent":
            return Judged(result, shown, "")
        if not isinstance(answer, SubmitSmResp):
            return None  # a nack that refuses nothing
        assert isinstance(submit, SubmitSm)
        name = self._ids.of_answer(answer.message_id, normalise(submit.destination_addr))
        return Judged(result, shown, name)

    def provider_id(self, part_id: PartId) -> str:
        return str(part_id)

    def _number(self, address: str) -> str:
        number = normalise(address)
        if self._options.number_form is NumberForm.INTERNATIONAL and MOBILE.fullmatch(number):
            return f"86{number}"
        return number.removeprefix("+")

    def _submit(
        self, number: str, extension: str, coding: int, esm_class: int, text: bytes, tlvs: Tlvs
    ) -> SubmitSm:
        options = self._options
        return SubmitSm(
            service_type=options.service_type,
            source_addr_ton=options.source_ton,
            source_addr_npi=options.source_npi,
            source_addr=options.sender + extension,
            dest_addr_ton=options.dest_ton,
            dest_addr_npi=options.dest_npi,
            destination_addr=number,
            esm_class=esm_class,
            registered_delivery=WANTS_RECEIPT,
            data_coding=coding,
            short_message=text,
            tlvs=tlvs,
        )


type Tlvs = tuple[Tlv, ...]
type _Shape = tuple[int, bytes, Tlvs]  # esm_class, short_message, parameters


def _shapes(written: Written, form: LongForm, reference: int) -> list[_Shape]:
    """One for each submit_sm; `reference` ties the parts together."""
    pieces, total = written.pieces, len(written.pieces)
    if total == 1:
        return [(0, pieces[0], ())]
    numbered = list(enumerate(pieces, 1))
    match form:
        case LongForm.UDH:
            return [
                (UDHI, bytes((5, 0, 3, reference & 0xFF, total, number)) + piece, ())
                for number, piece in numbered
            ]
        case LongForm.SAR:
            return [(0, piece, _sar(reference, total, number)) for number, piece in numbered]
        case LongForm.PAYLOAD:
            return [(0, b"", (Tlv(Tag.MESSAGE_PAYLOAD, b"".join(pieces)),))]


def _sar(reference: int, total: int, number: int) -> Tlvs:
    return (
        Tlv(Tag.SAR_MSG_REF_NUM, struct.pack(">H", reference & 0xFFFF)),
        Tlv(Tag.SAR_TOTAL_SEGMENTS, bytes((total,))),
        Tlv(Tag.SAR_SEGMENT_SEQNUM, bytes((number,))),
    )
