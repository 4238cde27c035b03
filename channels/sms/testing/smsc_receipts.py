"""How the fake SMPP gateway writes ids and receipts."""

from __future__ import annotations

from channels.sms.message_parts import read_user_data
from channels.sms.smpp.pdus import DataSm, DeliverSm, MessageState, SubmitSm, Tag, Tlv, parameter
from channels.sms.smpp.receipts import Receipt, receipt_text
from channels.sms.testing.smsc_traps import SmscTraps

SENDER = "1069000088"
UDHI, RECEIPT = 0x40, 0x04  # of esm_class
_STATES = {
    "DELIVRD": MessageState.DELIVERED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "ACCEPTD": MessageState.ACCEPTED,
    "EXPIRED": MessageState.EXPIRED,
}


def receipt_for(number: int, stat: str, receiver: str, traps: SmscTraps) -> DeliverSm | DataSm:
    """Of the message with this number to `receiver`."""
    message_id = written_id(number, traps.receipt_ids)
    tlvs = (
        Tlv(Tag.RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"),
        Tlv(Tag.MESSAGE_STATE, bytes((_STATES.get(stat, MessageState.UNKNOWN),))),
    )
    match traps.receipts:
        case "data_sm":
            return DataSm(
                source_addr=receiver, destination_addr=SENDER, esm_class=RECEIPT, tlvs=tlvs
            )
        case "text":
            text = receipt_text(
                Receipt(message_id, stat), submitted="2611231529", done="2611231530"
            )
            return DeliverSm(
                source_addr=receiver,
                destination_addr=SENDER,
                esm_class=RECEIPT,
                short_message=text,
            )
        case marked:
            return DeliverSm(
                source_addr=receiver,
                destination_addr=SENDER,
                esm_class=RECEIPT if marked == "parameters" else 0,
                tlvs=tlvs,
            )


def written_id(number: int, way: str) -> str:
    """As `SmscTraps.answer_ids` says."""
    match way:
        case "hex":
            return f"{number:X}"
        case "padded":
            return f"{number:012x}"
        case "decimal":
            return str(number)
        case _:
            return ""


def part_number(submit: SubmitSm) -> int:
    """Which part of a long message it is; 1 where it is whole."""
    if submit.esm_class & UDHI:
        place, _ = read_user_data(submit.short_message)
        return place.number if place else 1
    return (parameter(submit.tlvs, Tag.SAR_SEGMENT_SEQNUM) or b"\x01")[0]
