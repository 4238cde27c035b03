"""An SMPP frame, field by field, for `xiangyin sms decode`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from channels.sms.message_parts import read_user_data
from channels.sms.smpp import Framed, is_receipt, read_header, read_receipt
from channels.sms.smpp.data_coding import DefaultAlphabet, read
from channels.sms.smpp.pdus import DataSm, DeliverSm, SubmitSm, Tag, Tlv
from channels.sms.smpp.sending import UDHI

_TAGS = {tag.value: tag.name.lower() for tag in Tag}


def frame_lines(frame: bytes, framed: Framed) -> Iterator[str]:
    """Shows numbers and content."""
    header, pdu = read_header(frame), framed.pdu
    name = header.command.name.lower() if header.command is not None else ""
    yield f"{name}（SMPP 3.4）{len(frame)} 字节，sequence_number {framed.sequence_number}"
    for field in fields(pdu):
        value = getattr(pdu, field.name)
        if field.name == "tlvs":
            yield from map(_tlv_line, value)
        elif field.name == "status":
            yield f"  command_status: 0x{value:08X}"
        elif isinstance(value, bytes):
            yield f"  {field.name}: {value.hex() or '（空）'}"
        else:
            yield f"  {field.name}: {'（空）' if value == '' else value}"
    if isinstance(pdu, DeliverSm | DataSm) and is_receipt(pdu):
        receipt = read_receipt(pdu)
        if receipt is None:
            yield "  状态报告，但没说是哪一条、成没成"
        else:
            error = f"，错误码 {receipt.error}" if receipt.error else ""
            yield f"  状态报告：{receipt.message_id} {receipt.stat}{error}"
    elif isinstance(pdu, DeliverSm | DataSm | SubmitSm):
        yield from _text_lines(pdu)


def _tlv_line(tlv: Tlv) -> str:
    return f"  0x{tlv.tag:04X} {_TAGS.get(tlv.tag, '')}: {tlv.value.hex() or '（空）'}"


def _text_lines(pdu: DeliverSm | DataSm | SubmitSm) -> Iterator[str]:
    payload = pdu.content
    if pdu.esm_class & UDHI:
        place, payload = read_user_data(payload)
        if place is not None:
            yield f"  长短信：第 {place.number} 段，共 {place.total} 段，编号 {place.reference}"
    yield f"  内容：{read(payload, pdu.data_coding, DefaultAlphabet.AUTO)}"
