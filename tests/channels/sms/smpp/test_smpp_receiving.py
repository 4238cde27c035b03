"""Messages in, against a gateway that shows what real ones do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ports_in_memory import FakeClock, RecordingGateway

import channels.sms
from channels.sms.long_messages import WAIT
from channels.sms.numbers import normalise
from channels.sms.smpp import decode, encode, is_receipt, read_receipt
from channels.sms.smpp.data_coding import DefaultAlphabet, read
from channels.sms.smpp.pdus import (
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    SubmitSm,
    Tag,
    Tlv,
)
from channels.sms.smpp.receiving import _place
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc_receipts import SENDER
from tests.channels.sms.smpp.conftest import Start

CITIZEN = "13800138000"
WORDS = "常家沟村到镇上的路塌了半边，娃娃上学要绕五里地，下雨天根本走不成。" * 5 + "👴"
FIXTURES = Path(channels.sms.__file__).parent / "fixtures" / "smpp.json"


def deliver(text: str = "水管爆了", **changed: Any) -> DeliverSm:
    plain = DeliverSm(
        source_addr=CITIZEN,
        destination_addr=SENDER,
        data_coding=8,
        short_message=text.encode("utf-16-be"),
    )
    return replace(plain, **changed)


def parts(form: str, *, reference: int = 0x12, text: str = WORDS) -> list[DeliverSm]:
    octets, size = text.encode("utf-16-be"), 133 if form == "wide" else 134
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    return [_part(form, reference, len(pieces), number, p) for number, p in enumerate(pieces, 1)]


def _part(form: str, reference: int, total: int, number: int, piece: bytes) -> DeliverSm:
    match form:
        case "sar":
            told = (
                Tlv(Tag.SAR_MSG_REF_NUM, bytes((0, reference))),
                Tlv(Tag.SAR_TOTAL_SEGMENTS, bytes((total,))),
                Tlv(Tag.SAR_SEGMENT_SEQNUM, bytes((number,))),
            )
            return deliver(short_message=piece, tlvs=told)
        case "wide":
            head = bytes((6, 8, 4, 1, reference, total, number))
        case _:
            head = bytes((5, 0, 3, reference, total, number))
    return deliver(short_message=head + piece, esm_class=0x40)


def texts(gateway: RecordingGateway) -> list[str]:
    return [inbound.text for inbound in gateway.inbounds]


def fixtures() -> list[dict[str, Any]]:
    return list(json.loads(FIXTURES.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", fixtures(), ids=lambda case: case["what"])
def test_frames_of_the_page(case: dict[str, Any]) -> None:
    frame = bytes.fromhex(case["hex"])
    sequence, pdu = decode(frame)
    assert encode(pdu, sequence) == frame
    assert type(pdu).__name__ == case["pdu"]
    if not isinstance(pdu, DeliverSm):
        return
    if is_receipt(pdu):
        receipt = read_receipt(pdu)
        assert receipt is not None
        assert (receipt.message_id, receipt.stat) == (case["message_id"], case["stat"])
        return
    place, payload = _place(pdu)
    assert read(payload, pdu.data_coding, DefaultAlphabet.AUTO) == case["text"]
    assert normalise(pdu.source_addr) == case["address"]
    assert pdu.destination_addr == SENDER + case["extension"]
    part = [place.reference, place.total, place.number] if place else None
    assert part == case.get("part")


async def test_a_message_is_answered_when_it_is_stored(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    sent = deliver(source_addr="8613800138000", destination_addr=SENDER + "0012")
    assert await smsc.deliver(sent) == DeliverSmResp()
    (inbound,) = gateway.inbounds
    assert (inbound.address, inbound.text, inbound.extension) == (CITIZEN, "水管爆了", "0012")
    assert decode(inbound.raw).pdu == sent


async def test_by_data_sm(smsc: FakeSmsc, start: Start, gateway: RecordingGateway) -> None:
    await start()
    sent = DataSm(
        source_addr=CITIZEN,
        destination_addr=SENDER,
        data_coding=8,
        tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, WORDS.encode("utf-16-be")),),
    )
    assert await smsc.deliver(sent) == DataSmResp()
    assert texts(gateway) == [WORDS]


async def test_what_is_not_stored_is_put_off(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    gateway.unavailable = True
    assert await smsc.deliver(deliver()) == DeliverSmResp(status=0x64)
    assert (await channel.health())["ok"] is False
    gateway.unavailable = False
    assert await smsc.deliver(deliver()) == DeliverSmResp()
    assert texts(gateway) == ["水管爆了"]
    assert (await channel.health())["ok"] is True


async def test_the_same_words_twice_are_two_answers_and_a_repeat_is_one(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    for sequence in (1, 1, 2):
        await smsc.deliver(deliver("1"), sequence=sequence)
    assert texts(gateway) == ["1", "1"]
    await smsc.deliver(deliver("2"), sequence=2)  # from a gateway that does not count
    assert texts(gateway) == ["1", "1", "2"]


@pytest.mark.parametrize("form", ["udh", "wide", "sar"])
@pytest.mark.parametrize("bytewise", [False, True])
async def test_long_messages_in_any_order(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, form: str, bytewise: bool
) -> None:
    await start()
    smsc.traps.bytewise = bytewise
    for part in reversed(parts(form)):
        assert await smsc.deliver(part) == DeliverSmResp()
    assert texts(gateway) == [WORDS]
    assert gateway.inbounds[0].address == CITIZEN


async def test_parts_outlive_the_process(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    first, *others = parts("sar")
    await smsc.deliver(first)
    await channel.close()
    await start()
    for part in others:
        await smsc.deliver(part)
    assert texts(gateway) == [WORDS]


@pytest.mark.parametrize("restarted", [False, True])
async def test_parts_sent_again_after_the_whole_was_stored_are_no_second_message(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, clock: FakeClock, restarted: bool
) -> None:
    channel = await start()
    for part in parts("udh"):
        await smsc.deliver(part)
    if restarted:
        await channel.close()
        channel = await start()
    clock.set(clock.now() + timedelta(hours=20))  # tomorrow
    for part in parts("udh"):
        assert await smsc.deliver(part) == DeliverSmResp()
    clock.set(clock.now() + WAIT)
    await channel.sweep()
    assert texts(gateway) == [WORDS]


async def test_the_same_long_message_days_later_is_another(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, clock: FakeClock
) -> None:
    channel = await start()
    for _ in range(2):
        for part in parts("udh"):
            await smsc.deliver(part)
        clock.set(clock.now() + timedelta(days=3))
        await channel.sweep()
    assert texts(gateway) == [WORDS, WORDS]
    assert len({inbound.external_id for inbound in gateway.inbounds}) == 2


async def test_a_part_that_does_not_come_is_told(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, clock: FakeClock
) -> None:
    channel = await start()
    missing = parts("udh")
    del missing[1]
    for part in missing:
        await smsc.deliver(part)
    assert texts(gateway) == []
    clock.set(clock.now() + WAIT)
    await channel.sweep()
    (text,) = texts(gateway)
    assert "第2段" in text
    assert text.startswith(WORDS[:60])


async def test_long_in_the_phones_alphabet(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    await start(default_alphabet="gsm7")
    for number, octets in ((1, b"\x5b\x1b"), (2, b"\x65!")):  # an escape cut from its character
        head = bytes((5, 0, 3, 9, 2, number))
        await smsc.deliver(deliver(esm_class=0x40, data_coding=0, short_message=head + octets))
    assert texts(gateway) == ["Ä€!"]


@pytest.mark.parametrize("source", ["", "China Mobile"])
async def test_a_sender_who_is_no_number_is_refused(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, source: str
) -> None:
    await start()
    assert await smsc.deliver(deliver(source_addr=source)) == DeliverSmResp(status=0x0A)
    assert gateway.accepts == []


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (encode(deliver(), 5)[:-1], 0x01),
        (encode(deliver(), 5) + b"\x04\x24\x00\x09half", 0xC0),
    ],
)
async def test_what_cannot_be_decoded_is_refused_and_the_session_goes_on(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, octets: bytes, status: int
) -> None:
    await start()
    octets = len(octets).to_bytes(4, "big") + octets[4:]
    assert await smsc.deliver_octets(octets, 5) == DeliverSmResp(status=status)
    assert await smsc.deliver(deliver()) == DeliverSmResp()
    assert texts(gateway) == ["水管爆了"]


@pytest.mark.parametrize(
    "octets",
    [
        bytes.fromhex("00000010 00000099 00000000 00000005"),  # nobody knows it
        encode(SubmitSm(), 5),  # that is ours to say
    ],
)
async def test_what_no_gateway_asks_is_refused(smsc: FakeSmsc, start: Start, octets: bytes) -> None:
    await start()
    assert await smsc.deliver_octets(octets, 5) == GenericNack(0x03)


async def test_a_receipt_that_says_nothing_is_taken(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    nothing = deliver(esm_class=4, short_message=b"hello")
    assert await smsc.deliver(nothing) == DeliverSmResp()
    assert (gateway.receipts, gateway.accepts) == ([], [])
