"""Receipts and ids as gateways write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ports import ReceiptState
from channels.sms.smpp import codes
from channels.sms.smpp.message_ids import LEAST_TELLING, MessageIds, ReceiptIds, canonical
from channels.sms.smpp.pdus import DataSm, DeliverSm, MessageState, Tag, Tlv
from channels.sms.smpp.receipts import Receipt, is_receipt, read_receipt, receipt_text

USUAL = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2611231529 done date:2611231530 "
    b"stat:DELIVRD err:000 text:hello"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (USUAL, Receipt("0123456789", "DELIVRD")),
        (b"id:7 stat:UNDELIV err:034", Receipt("7", "UNDELIV", "034")),
        (b"ID:7 Stat:delivrd Err:0", Receipt("7", "DELIVRD")),
        (b"id: a-b/c sub:1 stat: MA:0054 err: 1", Receipt("a-b/c", "MA:0054", "1")),
        (b"stat:EXPIRED id:7", Receipt("7", "EXPIRED")),
        ("id:7 stat:REJECTD".encode("utf-16-be"), Receipt("7", "REJECTD")),
        # What follows is the citizen's or ours, and says nothing of the message.
        (b"id:7 stat:EXPIRED text:id:9 stat:DELIVRD", Receipt("7", "EXPIRED")),
        (b"id:7 stat:EXPIRED Text: stat:DELIVRD", Receipt("7", "EXPIRED")),
        (b"id:7", None),
        (b"stat:DELIVRD", None),
        (b"id: stat:DELIVRD", None),
        (b"", None),
        (b"\xff\xfe\x00", None),
    ],
)
def test_texts(text: bytes, expected: Receipt | None) -> None:
    assert read_receipt(DeliverSm(esm_class=4, short_message=text)) == expected


def tlvs(
    state: int, message_id: bytes = b"1A2B\0", network: bytes | None = None
) -> tuple[Tlv, ...]:
    more = (Tlv(Tag.NETWORK_ERROR_CODE, network),) if network else ()
    told = (Tlv(Tag.RECEIPTED_MESSAGE_ID, message_id), Tlv(Tag.MESSAGE_STATE, bytes((state,))))
    return told + more


def test_parameters_alone_and_before_the_text() -> None:
    alone = DataSm(esm_class=4, tlvs=tlvs(MessageState.DELIVERED))
    assert read_receipt(alone) == Receipt("1A2B", "DELIVRD")
    both = DeliverSm(esm_class=4, short_message=USUAL, tlvs=tlvs(MessageState.UNDELIVERABLE))
    assert read_receipt(both) == Receipt("1A2B", "UNDELIV")
    without_nul = DeliverSm(esm_class=4, tlvs=tlvs(5, b"1A2B", b"\x03\x00\x22"))
    assert read_receipt(without_nul) == Receipt("1A2B", "UNDELIV", "034")


def test_a_state_nobody_knows_is_a_failure_with_its_number() -> None:
    receipt = read_receipt(DeliverSm(esm_class=4, tlvs=tlvs(99)))
    assert receipt == Receipt("1A2B", "STATE99")
    assert codes.receipt_state("STATE99") is ReceiptState.FAILED


@pytest.mark.parametrize(
    ("esm_class", "parameters", "expected"),
    [
        (0x00, (), False),
        (0x04, (), True),
        (0x20, (), True),  # intermediate
        (0x44, (), True),  # with a header
        (0x40, (), False),
        (0x00, tlvs(2), True),  # a gateway that forgets esm_class
        # Kannel's own test gateway puts this into what citizens write.
        (0x00, (Tlv(Tag.RECEIPTED_MESSAGE_ID, b"receipted_message_id\0"),), False),
    ],
)
def test_what_is_a_receipt(esm_class: int, parameters: tuple[Tlv, ...], expected: bool) -> None:
    assert is_receipt(DeliverSm(esm_class=esm_class, tlvs=parameters)) is expected


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), min_size=1),
    st.sampled_from(["DELIVRD", "UNDELIV", "ACCEPTD"]),
)
def test_what_is_written_is_read(message_id: str, stat: str) -> None:
    text = receipt_text(Receipt(message_id, stat), submitted="2611231529", done="2611231530")
    found = read_receipt(DeliverSm(esm_class=4, short_message=text))
    assert found == Receipt(message_id, stat)


@given(st.binary(max_size=254))
def test_any_text_is_read_or_not(text: bytes) -> None:
    receipt = read_receipt(DeliverSm(esm_class=4, short_message=text))
    assert receipt is None or (receipt.message_id and receipt.stat)


@pytest.mark.parametrize(
    ("one", "other"),
    [("00001A2b", "1a2B"), ("0", "0000"), (" 12 ", "12"), ("x-Y", "x-Y")],
)
def test_one_spelling(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


def test_ids_that_are_no_numbers_keep_their_case() -> None:
    assert canonical("aZ") != canonical("az")


CITIZEN, ANOTHER = "13800138000", "13900139000"


@pytest.mark.parametrize(
    ("answer", "receipt", "way"),
    [
        ("1A2B3C0", "27440064", ReceiptIds.DECIMAL_OF_HEX),
        ("27440064", "01a2b3c0", ReceiptIds.HEX_OF_DECIMAL),
    ],
)
def test_the_other_spelling_is_learnt(answer: str, receipt: str, way: ReceiptIds) -> None:
    ids = MessageIds(ReceiptIds.AUTO)
    name = ids.of_answer(answer, CITIZEN)
    assert ids.of_receipt(receipt, ANOTHER) != name  # not by a number that fits by chance
    assert ids.of_receipt(receipt, CITIZEN) == name
    assert (ids.way, ids.learnt) == (way, True)
    # From now on also for messages of an earlier process.
    later = MessageIds(ReceiptIds.AUTO, way)
    assert later.of_receipt(receipt, ANOTHER) == name
    # The account may go to another gateway.
    same = later.of_answer("7654321", CITIZEN)
    assert later.of_receipt("07654321", CITIZEN) == same


def test_the_same_spelling_teaches_nothing() -> None:
    ids = MessageIds(ReceiptIds.AUTO)
    name = ids.of_answer("00012345678", CITIZEN)
    assert ids.of_receipt("12345678", CITIZEN) == name
    assert ids.way is ReceiptIds.AUTO


def test_small_numbers_are_no_proof() -> None:
    """'16' may be the receipt of a message whose answer is still under way."""
    ids = MessageIds(ReceiptIds.AUTO)
    ids.of_answer("10", CITIZEN)
    ids.of_answer("22", CITIZEN)
    assert ids.of_receipt("16", CITIZEN) == "16"
    assert ids.way is ReceiptIds.AUTO


@given(st.integers(LEAST_TELLING, 2**63))
def test_configured_ways(number: int) -> None:
    decimal, hexadecimal = str(number), f"{number:X}"
    by_hex = MessageIds(ReceiptIds.DECIMAL_OF_HEX)
    assert by_hex.of_receipt(decimal, CITIZEN) == by_hex.of_answer(hexadecimal, CITIZEN)
    by_decimal = MessageIds(ReceiptIds.HEX_OF_DECIMAL)
    assert by_decimal.of_receipt(hexadecimal, CITIZEN) == by_decimal.of_answer(decimal, CITIZEN)
