"""The codec against frames written out by hand, against itself, and against whoever means ill."""

from __future__ import annotations

import struct
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.smpp import FieldError, FrameError, SmppError, decode, encode, read_header
from channels.sms.smpp.codec import LEAST_OCTETS, MOST_OCTETS
from channels.sms.smpp.fields import CString, ShortMessage, Tlvs, Uint
from channels.sms.smpp.layouts import COMMANDS, LAYOUTS
from channels.sms.smpp.pdus import (
    BindTransceiver,
    BindTransceiverResp,
    Command,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Tag,
    Tlv,
)

# Written out by the tables of the specification; the first is its own example (3.2.1.1 ff.).
FRAMES = [
    (
        "0000002f00000002000000000000000153 4d50503354455354 00 736563726574303800 "
        "5355424d49543100 00 01 01 00",
        1,
        "BindTransmitter",
        {"system_id": "SMPP3TEST", "password": "secret08", "system_type": "SUBMIT1"},
    ),
    (
        "00000015 00000004 00000058 00000009 6162636400",
        9,
        "SubmitSmResp",
        {"message_id": "abcd", "status": 0x58},
    ),
    (
        "00000042 00000005 00000000 00000002 00 0101 383631333800 0001 31303639 00 "
        "00 00 00 00 00 00 00 08 00 04 6c346e90 020c 0002 1234 020e 0001 02 020f 0001 01",
        2,
        "DeliverSm",
        {
            "source_addr": "86138",
            "destination_addr": "1069",
            "data_coding": 8,
            "short_message": "水源".encode("utf-16-be"),
            "tlvs": (Tlv(0x020C, b"\x12\x34"), Tlv(0x020E, b"\x02"), Tlv(0x020F, b"\x01")),
        },
    ),
    ("00000010 00000015 00000000 7fffffff", 0x7FFFFFFF, "EnquireLink", {}),
    ("00000010 80000000 00000003 00000000", 0, "GenericNack", {"status": 3}),
]


def octets(text: str) -> bytes:
    """Of hexadecimal; the first four, the length, are put right."""
    frame = bytes.fromhex(text.replace(" ", ""))
    return struct.pack(">I", len(frame)) + frame[4:]


@pytest.mark.parametrize(("written", "sequence", "name", "told"), FRAMES, ids=lambda x: str(x)[:16])
def test_frames_written_by_hand(
    written: str, sequence: int, name: str, told: dict[str, Any]
) -> None:
    frame = octets(written)
    if name == "SubmitSmResp":
        frame = frame[:4] + b"\x80" + frame[5:]
    found = decode(frame)
    assert found.sequence_number == sequence
    assert type(found.pdu).__name__ == name
    assert {field: getattr(found.pdu, field) for field in told} == told
    assert encode(found.pdu, sequence) == frame


texts = st.text(st.characters(min_codepoint=1, max_codepoint=255))


def values_for(kind: Any) -> st.SearchStrategy[Any]:
    match kind:
        case Uint():
            return st.integers(0, 255)
        case CString(most):
            return texts.map(lambda text: text[: most - 1])
        case ShortMessage():
            return st.binary(max_size=254)
        case Tlvs():
            one = st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=300))
            return st.lists(one, max_size=4).map(tuple)
    raise AssertionError(kind)


@st.composite
def pdus(draw: st.DrawFn) -> tuple[int, Any]:
    """Sequence, any PDU with any values its table allows."""
    kind, layout = LAYOUTS[draw(st.sampled_from(list(Command)))]
    told = {name: draw(values_for(each)) for name, each in layout.rows}
    if layout.has_status:
        told["status"] = draw(st.integers(0, 0xFFFFFFFF))
    return draw(st.integers(0, 2**32 - 1)), kind(**told)


@given(pdus())
def test_what_is_encoded_decodes_to_the_same(case: tuple[int, Any]) -> None:
    sequence, pdu = case
    frame = encode(pdu, sequence)
    header = read_header(frame)
    assert LEAST_OCTETS <= len(frame) == header.command_length <= MOST_OCTETS
    assert header.command is COMMANDS[type(pdu)]
    assert header.command_status == getattr(pdu, "status", 0)
    assert decode(frame) == (sequence, pdu)


@given(pdus(), st.data())
def test_a_frame_cut_or_lengthened_is_refused(case: tuple[int, Any], data: st.DataObject) -> None:
    sequence, pdu = case
    frame = encode(pdu, sequence)
    size = data.draw(st.integers(0, len(frame) + 8).filter(lambda n: n != len(frame)))
    changed = frame[:size].ljust(size, b"\0")
    with pytest.raises(FrameError):
        decode(changed)
    if size >= LEAST_OCTETS and not hasattr(pdu, "status"):
        # Where command_length says that this is right: refused, or another message, never an error
        # of another sort.
        try:
            _, other = decode(struct.pack(">I", size) + changed[4:])
        except SmppError:
            return
        assert other != pdu


@given(st.sampled_from(list(Command)), st.integers(0, 0xFFFFFFFF), st.binary(max_size=300))
def test_any_octets_decode_or_are_refused(command: Command, status: int, body: bytes) -> None:
    frame = struct.pack(">IIII", 16 + len(body), command, status, 7) + body
    try:
        sequence, pdu = decode(frame)
    except SmppError:
        return
    assert sequence == 7
    assert COMMANDS[type(pdu)] is command


@pytest.mark.parametrize("length", [0, 15, MOST_OCTETS + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_hostile_lengths_are_refused_by_the_header_alone(length: int) -> None:
    with pytest.raises(FrameError, match="command_length"):
        read_header(struct.pack(">IIII", length, 5, 0, 1))


def test_an_unknown_command_is_refused() -> None:
    with pytest.raises(FrameError, match="command_id"):
        decode(struct.pack(">IIII", 16, 0x99, 0, 1))


@pytest.mark.parametrize(
    ("pdu", "field"),
    [
        (SubmitSm(source_addr="1" * 21), "SubmitSm.source_addr"),
        (SubmitSm(service_type="业务"), "SubmitSm.service_type"),
        (SubmitSm(destination_addr="1\x002"), "SubmitSm.destination_addr"),
        (SubmitSm(esm_class=256), "SubmitSm.esm_class"),
        (SubmitSm(data_coding=-1), "SubmitSm.data_coding"),
        (SubmitSm(short_message=b"x" * 255), "SubmitSm.short_message"),
        (SubmitSm(tlvs=(Tlv(0x10000, b""),)), "SubmitSm.tlvs"),
        (SubmitSm(tlvs=(Tlv(5, bytes(0x10000)),)), "SubmitSm.tlvs"),
        (BindTransceiver(password="p" * 65), "BindTransceiver.password"),
        (SubmitSmResp(status=-1), "header"),
    ],
)
def test_what_fits_no_frame_is_named(pdu: Any, field: str) -> None:
    with pytest.raises(FieldError) as caught:
        encode(pdu, 1)
    assert caught.value.field == field


def test_a_sequence_that_fits_no_frame_is_named() -> None:
    with pytest.raises(FieldError, match="header"):
        encode(EnquireLink(), 1 << 32)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", SubmitSmResp("")),
        (b"\0", SubmitSmResp("")),
        (b"4711", SubmitSmResp("4711")),  # without the NUL
        (b"4711\0\0", SubmitSmResp("4711")),  # with one too many
        (b"4711\0\x00\x1e\x00\x09x", SubmitSmResp("4711")),  # a broken parameter
        (b"4711\0\x14\x00\x00\x01x", SubmitSmResp("4711", (Tlv(0x1400, b"x"),))),
    ],
)
def test_answers_are_read_however_gateways_write_them(body: bytes, expected: SubmitSmResp) -> None:
    frame = struct.pack(">IIII", 16 + len(body), Command.SUBMIT_SM_RESP, 0, 1) + body
    assert decode(frame).pdu == expected


@pytest.mark.parametrize("kind", [BindTransceiverResp, DeliverSmResp, QuerySmResp, GenericNack])
def test_a_refusal_needs_no_body(kind: Any) -> None:
    frame = struct.pack(">IIII", 16, COMMANDS[kind], 0x0E, 1)
    assert decode(frame).pdu == kind(status=0x0E)


def test_a_message_with_a_broken_parameter_is_refused_not_cut() -> None:
    frame = encode(DeliverSm(short_message=b"x"), 1) + b"\x04\x24\x00\x09half"
    with pytest.raises(FieldError, match=r"DeliverSm\.tlvs"):
        decode(struct.pack(">I", len(frame)) + frame[4:])


def test_a_message_that_ends_early_names_the_field() -> None:
    frame = encode(DeliverSm(short_message=b"abc"), 1)[:-1]
    with pytest.raises(FieldError, match=r"DeliverSm\.short_message"):
        decode(struct.pack(">I", len(frame)) + frame[4:])


def test_addresses_longer_than_allowed_are_read() -> None:
    frame = encode(DeliverSm(source_addr="A"), 1).replace(b"A\0", b"A" * 40 + b"\0")
    found = decode(struct.pack(">I", len(frame)) + frame[4:]).pdu
    assert isinstance(found, DeliverSm)
    assert found.source_addr == "A" * 40


def test_the_text_is_found_wherever_it_stands() -> None:
    assert SubmitSm(short_message=b"short").content == b"short"
    payload = SubmitSm(tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, b"x" * 1000),))
    found = decode(encode(payload, 1)).pdu
    assert isinstance(found, SubmitSm)
    assert found.content == b"x" * 1000


def test_a_question_and_its_answer() -> None:
    asked = QuerySm("4711", 0, 1, "1069")
    assert decode(encode(asked, 5)) == (5, asked)
    told = QuerySmResp("4711", "261123153000032+", 2, 0)
    assert decode(encode(told, 5)) == (5, told)


def test_every_field_of_every_pdu_stands_in_a_table() -> None:
    for kind, layout in LAYOUTS.values():
        told = {name for name, _ in layout.rows} | ({"status"} if layout.has_status else set())
        assert told == {field.name for field in fields(kind)}
    assert replace(EnquireLink()) == EnquireLink()
