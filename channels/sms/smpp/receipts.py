"""Receipts, as gateways write them: optional parameters, a text, or both. Pure.

The text is nowhere standardised; usual is
`id:… sub:001 dlvrd:001 submit date:2611231529 done date:2611231530 stat:DELIVRD err:000 text:…`.
What follows `text:` is the message's own and is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.sms.smpp.pdus import DataSm, DeliverSm, MessageState, Tag, parameter

# esm_class, bits 5 to 2.
_KIND, _RECEIPT, _INTERMEDIATE = 0x3C, 0x04, 0x20
_WORDS = {
    MessageState.ENROUTE: "ENROUTE",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.ACCEPTED: "ACCEPTD",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
}
_OWN_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_FIELD = re.compile(r"\b(id|stat|err):\s*([^\s:]\S*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Receipt:
    """`message_id` as the gateway writes it here; `stat` its word, in capitals; `error` the
    network's number, '' for none."""

    message_id: str
    stat: str
    error: str = ""


def is_receipt(pdu: DeliverSm | DataSm) -> bool:
    """Whether it reports, and is nothing a citizen wrote. Some gateways forget to say so in
    esm_class."""
    if pdu.esm_class & _KIND in (_RECEIPT, _INTERMEDIATE):
        return True
    states = (Tag.RECEIPTED_MESSAGE_ID, Tag.MESSAGE_STATE)
    return all(parameter(pdu.tlvs, tag) is not None for tag in states)


def read_receipt(pdu: DeliverSm | DataSm) -> Receipt | None:
    """None where it does not say of which message, or what became of it. Parameters count before
    the text."""
    told = dict(_told(pdu.content))
    message_id = parameter(pdu.tlvs, Tag.RECEIPTED_MESSAGE_ID)
    state = parameter(pdu.tlvs, Tag.MESSAGE_STATE)
    if message_id:
        told["id"] = message_id.partition(b"\0")[0].decode("latin-1")
    if state:
        told["stat"] = _WORDS.get(state[0], told.get("stat", f"STATE{state[0]}"))  # type: ignore[call-overload]
    if not told.get("id") or not told.get("stat"):
        return None
    network = parameter(pdu.tlvs, Tag.NETWORK_ERROR_CODE)
    error = told.get("err", "")
    if network and len(network) == 3:
        error = f"{int.from_bytes(network[1:], 'big'):03}"
    return Receipt(told["id"], told["stat"].upper(), "" if not error.strip("0") else error)


def _told(content: bytes) -> list[tuple[str, str]]:
    text = content.decode("utf-16-be" if content[:1] == b"\0" else "latin-1", "replace")
    ours = _OWN_TEXT.split(text, maxsplit=1)[0]
    return [(name.lower(), value) for name, value in reversed(_FIELD.findall(ours))]


def receipt_text(receipt: Receipt, *, submitted: str = "", done: str = "") -> bytes:
    """As most gateways write it; dates are 'YYMMDDhhmm'."""
    return (
        f"id:{receipt.message_id} sub:001 dlvrd:{int(receipt.stat == 'DELIVRD'):03} "
        f"submit date:{submitted} done date:{done} stat:{receipt.stat} "
        f"err:{receipt.error or '000'} text:"
    ).encode("latin-1")
