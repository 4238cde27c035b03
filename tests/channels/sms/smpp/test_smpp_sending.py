"""Messages out, against a gateway that shows what real ones do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from ports_in_memory import RecordingGateway

from backend.ports import (
    DeliveryReceipt,
    Outbound,
    ReceiptState,
    Rejected,
    Retry,
    Sent,
    Unknown,
)
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.smpp.pdus import SubmitSm, Tag, parameter
from channels.sms.testing import FakeSmsc
from channels.sms.testing.smsc import FIRST_ID
from channels.sms.testing.smsc_receipts import SENDER
from tests.channels.sms.smpp.conftest import Start

CITIZEN = "13800138000"
SHORT = Outbound(7, CITIZEN, "您好，已收到您的诉求")
LONG = Outbound(0x1234, CITIZEN, "您的问题已转到镇里，编号20261123-0007-3。" * 8)
DELIVERED = ReceiptState.DELIVERED


def ucs2(octets: bytes) -> str:
    return decode_text(octets, 8)


def provider_id(result: object) -> str:
    assert isinstance(result, Sent)
    return result.provider_id


async def test_a_short_message_is_one_part(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(
        signature="青禾县乡音", service_type="XY", source_ton=3, source_npi=1, dest_ton=1
    )
    result = await channel.send(SHORT)
    (submit,) = smsc.submits
    assert submit == SubmitSm(
        service_type="XY",
        source_addr_ton=3,
        source_addr_npi=1,
        source_addr=SENDER,
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=CITIZEN,
        registered_delivery=1,
        data_coding=8,
        short_message="【青禾县乡音】您好，已收到您的诉求".encode("utf-16-be"),
    )
    assert provider_id(result) == f"{FIRST_ID:x}"


@pytest.mark.parametrize(
    ("address", "form", "written"),
    [
        ("13800138000", "international", "8613800138000"),
        ("+85251234567", "international", "85251234567"),
        ("10086", "international", "10086"),
        ("+85251234567", "national", "85251234567"),
    ],
)
async def test_how_a_number_is_written(
    smsc: FakeSmsc, start: Start, address: str, form: str, written: str
) -> None:
    channel = await start(number_form=form)
    await channel.send(Outbound(1, address, "您好"))
    assert smsc.submits[0].destination_addr == written


async def test_long_by_a_header(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(signature="青禾县乡音")
    result = await channel.send(LONG)
    headers = [read_user_data(submit.short_message) for submit in smsc.submits]
    assert {submit.esm_class for submit in smsc.submits} == {0x40}
    assert [(c.total, c.number) for c, _ in headers if c] == [(4, n) for n in (1, 2, 3, 4)]
    assert {c.reference for c, _ in headers if c} == {0x34}
    assert "".join(ucs2(payload) for _, payload in headers) == "【青禾县乡音】" + LONG.text
    assert provider_id(result).endswith("/4")  # no receipt alone may match it


async def test_long_by_parameters(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(long_messages="sar")
    await channel.send(LONG)
    tags = (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    told = [[parameter(submit.tlvs, tag) for tag in tags] for submit in smsc.submits]
    assert told == [[b"\x12\x34", b"\x04", bytes((number,))] for number in (1, 2, 3, 4)]
    assert {submit.esm_class for submit in smsc.submits} == {0}
    assert "".join(ucs2(submit.short_message) for submit in smsc.submits) == LONG.text


async def test_long_in_one_piece(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(long_messages="payload")
    result = await channel.send(LONG)
    (submit,) = smsc.submits
    assert submit.short_message == b""
    assert ucs2(submit.content) == LONG.text
    assert provider_id(result) == f"{FIRST_ID:x}"


@pytest.mark.parametrize("form", ["udh", "sar", "payload"])
async def test_too_long(smsc: FakeSmsc, start: Start, form: str) -> None:
    channel = await start(long_messages=form, max_parts=3)
    result = await channel.send(LONG)
    assert isinstance(result, Rejected)
    assert "max_parts" in result.reason
    assert smsc.submits == []


async def test_an_extension_follows_our_number(smsc: FakeSmsc, start: Start) -> None:
    channel = await start()
    await channel.send(Outbound(1, CITIZEN, "第一题", extension="0012"))
    assert smsc.submits[0].source_addr == SENDER + "0012"
    too_long = await channel.send(Outbound(2, CITIZEN, "第一题", extension="1" * 20))
    assert isinstance(too_long, Rejected)
    assert "source_addr" in too_long.reason


@pytest.mark.parametrize("message", [Outbound(1, CITIZEN, " \n"), Outbound(1, "China", "您好")])
async def test_what_can_never_be_sent_is_rejected(
    smsc: FakeSmsc, start: Start, message: Outbound
) -> None:
    channel = await start()
    assert isinstance(await channel.send(message), Rejected)
    assert smsc.submits == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x01, Rejected),
        (0x04, Retry),
        (0x08, Retry),
        (0x0A, Rejected),
        (0x0B, Rejected),
        (0x45, Rejected),
        (0x410, Rejected),
    ],
)
@pytest.mark.parametrize("traps", [{}, {"nack": True}, {"bare_answers": True}], ids=str)
async def test_statuses(
    smsc: FakeSmsc, start: Start, status: int, outcome: type, traps: dict[str, bool]
) -> None:
    channel = await start()
    for name, value in traps.items():
        setattr(smsc.traps, name, value)
    smsc.traps.statuses = [status]
    assert isinstance(await channel.send(SHORT), outcome)
    assert f"0x{status:08X}" in (await channel.health())["last_error"]


@pytest.mark.parametrize("status", [0x58, 0x14])
async def test_too_fast_is_given_time_and_sent_again(
    smsc: FakeSmsc, start: Start, status: int
) -> None:
    channel = await start()
    smsc.traps.statuses = [status]
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert isinstance(await channel.send(SHORT), Sent)
    assert loop.time() - began >= 0.9
    assert len(smsc.submits) == 2


async def test_too_fast_that_lasts_is_the_outboxs_to_wait_for(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(wait_seconds=0.5)
    smsc.traps.status = 0x58
    result = await channel.send(SHORT)
    assert isinstance(result, Retry)
    assert result.after is not None
    # While the gateway is given time nothing else is sent either.
    assert isinstance(await channel.send(Outbound(9, CITIZEN, "别的")), Retry)
    assert len(smsc.submits) == 1


async def test_parts_the_gateway_took_are_not_sent_again(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(wait_seconds=0.3)
    smsc.traps.statuses = [0, 0, 0x58]
    assert isinstance(await channel.send(LONG), Retry)
    await channel.close()  # also not by the next process
    channel = await start()
    assert isinstance(await channel.send(LONG), Sent)
    places = [read_user_data(submit.short_message)[0] for submit in smsc.submits]
    assert [place.number for place in places if place] == [1, 2, 3, 3, 4]


async def test_no_answer_is_unknown_and_nothing_is_sent_twice(smsc: FakeSmsc, start: Start) -> None:
    channel = await start(answer_seconds=0.1)
    smsc.traps.silent = True
    assert isinstance(await channel.send(SHORT), Unknown)
    assert len(smsc.submits) == 1


async def test_an_abrupt_end_with_a_full_window_leaves_all_unknown(
    smsc: FakeSmsc, start: Start
) -> None:
    channel = await start(window=8)
    smsc.traps.abort_after, smsc.traps.silent = 8, True
    results = await asyncio.gather(
        *(channel.send(Outbound(number, CITIZEN, "您好")) for number in range(8))
    )
    assert {type(result) for result in results} == {Unknown}
    smsc.traps.abort_after, smsc.traps.silent = None, False
    assert isinstance(await channel.send(SHORT), Sent)  # on a new session


async def test_the_gateways_goodbye_is_answered_and_the_next_session_opens(
    smsc: FakeSmsc, start: Start
) -> None:
    channel = await start()
    smsc.traps.unbind_after = 1
    assert isinstance(await channel.send(SHORT), Sent)  # its answer was under way
    smsc.traps.unbind_after = None
    assert isinstance(await channel.send(SHORT), Sent)
    assert len(smsc.binds) == 2


@pytest.mark.parametrize("receipts", ["text", "parameters", "unmarked", "data_sm"])
@pytest.mark.parametrize("report_first", [False, True])
async def test_a_receipt_bears_the_id_the_outbox_has(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, receipts: Any, report_first: bool
) -> None:
    smsc.traps.receipts, smsc.traps.report_first = receipts, report_first
    channel = await start()
    result = await channel.send(SHORT)
    assert [answer.status for answer in await smsc.reported()] == [0]
    assert gateway.receipts == [
        DeliveryReceipt("county", DELIVERED, provider_id=provider_id(result), detail="DELIVRD")
    ]


@pytest.mark.parametrize("report_first", [True, False])
@pytest.mark.parametrize("form", ["udh", "sar"])
async def test_a_long_message_is_delivered_when_all_parts_are(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, report_first: bool, form: str
) -> None:
    channel = await start(long_messages=form)
    smsc.traps.report_first, smsc.traps.reports = report_first, 2
    assert isinstance(await channel.send(LONG), Sent)
    await smsc.reported()
    whole = [receipt for receipt in gateway.receipts if receipt.outbox_id is not None]
    assert whole == [DeliveryReceipt("county", DELIVERED, outbox_id=LONG.outbox_id)]


async def test_a_receipt_of_one_part_alone_says_nothing_yet(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    smsc.traps.only_part = 2
    await channel.send(LONG)
    assert [answer.status for answer in await smsc.reported()] == [0]
    assert [receipt for receipt in gateway.receipts if receipt.outbox_id is not None] == []


async def test_receipts_after_a_restart_still_find_their_message(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    smsc.traps.reports = 0
    await channel.send(LONG)
    await channel.close()
    await start()
    await smsc.report(FIRST_ID + 1, "UNDELIV", receiver=CITIZEN)  # the second part's
    (receipt,) = gateway.receipts
    assert receipt == DeliveryReceipt(
        "county", ReceiptState.FAILED, outbox_id=LONG.outbox_id, detail="UNDELIV"
    )


@pytest.mark.parametrize(
    ("answer_ids", "receipt_ids"),
    [("hex", "decimal"), ("decimal", "hex"), ("hex", "padded"), ("padded", "decimal")],
)
async def test_ids_in_another_spelling(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, answer_ids: Any, receipt_ids: Any
) -> None:
    smsc.traps.answer_ids, smsc.traps.receipt_ids = answer_ids, receipt_ids
    channel = await start()
    result = await channel.send(SHORT)
    await smsc.reported()
    assert [receipt.provider_id for receipt in gateway.receipts] == [provider_id(result)]


async def test_a_spelling_once_learnt_is_known_after_a_restart(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    smsc.traps.receipt_ids = "decimal"
    channel = await start()
    await channel.send(SHORT)
    await smsc.reported()
    smsc.traps.reports = 0
    result = await channel.send(Outbound(8, CITIZEN, "又一条"))
    await channel.close()
    await start()
    await smsc.report(FIRST_ID + 1, receiver=CITIZEN)
    assert gateway.receipts[-1].provider_id == provider_id(result)


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", DELIVERED),
        ("ACCEPTD", ReceiptState.BUFFERED),
        ("ENROUTE", ReceiptState.BUFFERED),
        ("EXPIRED", ReceiptState.FAILED),
        ("UNKNOWN", ReceiptState.FAILED),
        ("MA:0054", ReceiptState.FAILED),
    ],
)
async def test_words_of_receipts(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway, stat: str, state: ReceiptState
) -> None:
    channel = await start()
    smsc.traps.stat = stat
    await channel.send(SHORT)
    await smsc.reported()
    assert [(receipt.state, receipt.detail) for receipt in gateway.receipts] == [(state, stat)]


async def test_a_receipt_that_is_not_stored_is_put_off(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    smsc.traps.reports = 0
    await channel.send(SHORT)
    gateway.unavailable = True
    answer = await smsc.report(FIRST_ID)
    assert answer is not None
    assert answer.status == 0x64
    gateway.unavailable = False
    answer = await smsc.report(FIRST_ID)
    assert answer is not None
    assert answer.status == 0
    assert len(gateway.receipts) == 1


async def test_a_late_answer_lets_a_receipt_find_the_row(
    smsc: FakeSmsc, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start(answer_seconds=0.1)
    smsc.traps.hold_answers = True
    assert isinstance(await channel.send(SHORT), Unknown)
    number = await smsc.release()
    await smsc.report(number)
    assert gateway.receipts == [DeliveryReceipt("county", DELIVERED, outbox_id=7)]


async def test_a_gateway_that_gives_no_id(smsc: FakeSmsc, start: Start) -> None:
    """Kannel's own test gateway does."""
    channel = await start()
    smsc.traps.reports, smsc.traps.answer_ids = 0, "none"
    assert await channel.send(SHORT) == Sent()
    assert isinstance(await channel.send(LONG), Sent)
