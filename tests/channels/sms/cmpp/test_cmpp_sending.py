"""Messages out, against a gateway that shows what real ones do."""

from __future__ import annotations

import asyncio

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
from channels.sms.testing import FakeIsmg
from channels.sms.testing.ismg import SENDER
from tests.channels.sms.cmpp.conftest import Start

CITIZEN = "13800138000"
SHORT = Outbound(7, CITIZEN, "您好，已收到您的诉求")
LONG = Outbound(8, CITIZEN, "您的问题已转到镇里，编号20261123-0007-3。" * 8)


def provider_id(result: object) -> str:
    assert isinstance(result, Sent)
    return result.provider_id


async def test_a_short_message_is_one_part(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(signature="青禾县乡音", service_id="XY")
    result = await channel.send(SHORT)
    (submit,) = ismg.submits
    assert submit.dest_terminal_id == (CITIZEN,)
    assert decode_text(submit.content, submit.msg_fmt) == "【青禾县乡音】您好，已收到您的诉求"
    assert (submit.pk_total, submit.pk_number, submit.tp_udhi) == (1, 1, 0)
    assert (submit.src_id, submit.service_id, submit.msg_src) == (SENDER, "XY", "900001")
    assert submit.registered_delivery == 1
    assert len(provider_id(result)) == 16


async def test_a_long_message_is_cut_and_its_parts_belong_together(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start(signature="青禾县乡音")
    await channel.send(LONG)
    total = len(ismg.submits)
    assert total == 4
    headers = [read_user_data(submit.content) for submit in ismg.submits]
    assert [(s.pk_total, s.pk_number, s.tp_udhi) for s in ismg.submits] == [
        (total, number, 1) for number in range(1, total + 1)
    ]
    assert [(c.total, c.number) for c, _ in headers if c] == [(total, n + 1) for n in range(total)]
    assert len({c.reference for c, _ in headers if c}) == 1
    assert "".join(decode_text(payload, 8) for _, payload in headers) == (
        "【青禾县乡音】" + LONG.text
    )


async def test_an_extension_follows_our_number(ismg: FakeIsmg, start: Start) -> None:
    channel = await start()
    await channel.send(Outbound(1, CITIZEN, "第一题", extension="0012"))
    assert ismg.submits[0].src_id == SENDER + "0012"
    too_long = await channel.send(Outbound(2, CITIZEN, "第一题", extension="1" * 20))
    assert isinstance(too_long, Rejected)
    assert "src_id" in too_long.reason


@pytest.mark.parametrize(
    "message",
    [
        Outbound(1, CITIZEN, " \n"),
        Outbound(1, "China Mobile", "您好"),
        Outbound(1, CITIZEN, "长" * 300),
    ],
)
async def test_what_can_never_be_sent_is_rejected(
    ismg: FakeIsmg, start: Start, message: Outbound
) -> None:
    channel = await start(max_parts=4)
    assert isinstance(await channel.send(message), Rejected)
    assert ismg.submits == []


@pytest.mark.parametrize(
    ("result", "outcome"),
    [(1, Rejected), (3, Retry), (10, Rejected), (13, Rejected), (101, Rejected)],
)
async def test_results(ismg: FakeIsmg, start: Start, result: int, outcome: type) -> None:
    channel = await start()
    ismg.traps.results = [result]
    assert isinstance(await channel.send(SHORT), outcome)


async def test_a_vendors_result_is_named(ismg: FakeIsmg, start: Start) -> None:
    channel = await start()
    ismg.traps.results = [150]
    result = await channel.send(SHORT)
    assert isinstance(result, Rejected)
    assert "150" in result.reason


async def test_flow_control_is_given_time_and_sent_again(ismg: FakeIsmg, start: Start) -> None:
    channel = await start()
    ismg.traps.results = [8]
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert isinstance(await channel.send(SHORT), Sent)
    assert loop.time() - began >= 0.9
    assert len(ismg.submits) == 2


async def test_flow_control_that_lasts_is_the_outboxs_to_wait_for(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start(wait_seconds=0.5)
    ismg.traps.result = 8
    result = await channel.send(SHORT)
    assert isinstance(result, Retry)
    assert result.after is not None
    assert 0 < result.after <= 1
    # While the gateway is given time nothing else is sent either.
    again = await channel.send(Outbound(9, CITIZEN, "别的"))
    assert isinstance(again, Retry)
    assert len(ismg.submits) == 1


async def test_parts_the_gateway_took_are_not_sent_again(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(wait_seconds=0.3)
    ismg.traps.results = [0, 0, 8]
    held = await channel.send(LONG)
    assert isinstance(held, Retry)
    assert held.begun  # no other account may send it whole
    assert [submit.pk_number for submit in ismg.submits] == [1, 2, 3]
    await channel.close()  # also not by the next process
    channel = await start(wait_seconds=2)
    result = await channel.send(LONG)
    assert isinstance(result, Sent)
    assert [submit.pk_number for submit in ismg.submits] == [1, 2, 3, 3, 4]
    assert read_user_data(ismg.submits[0].content)[0].reference == (  # type: ignore[union-attr]
        read_user_data(ismg.submits[3].content)[0].reference  # type: ignore[union-attr]
    )


async def test_no_answer_is_unknown_and_nothing_is_sent_twice(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(answer_seconds=0.1)
    ismg.traps.silent = True
    assert isinstance(await channel.send(SHORT), Unknown)
    assert len(ismg.submits) == 1


async def test_resending_is_a_choice_and_a_known_sequence_means_taken(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start(answer_seconds=0.2, resend_count=1)
    ismg.traps.silent = True
    sending = asyncio.create_task(channel.send(SHORT))
    await ismg.until(lambda: len(ismg.submits) == 1)
    ismg.traps.silent = False
    ismg.traps.results = [3]
    assert await sending == Sent()
    assert len(ismg.submits) == 2


async def test_an_abrupt_end_with_a_full_window_leaves_all_unknown(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start(window=8)
    ismg.traps.abort_after = 8
    ismg.traps.silent = True
    results = await asyncio.gather(
        *(channel.send(Outbound(number, CITIZEN, "您好")) for number in range(8))
    )
    assert {type(result) for result in results} == {Unknown}
    ismg.traps.abort_after, ismg.traps.silent = None, False
    assert isinstance(await channel.send(SHORT), Sent)  # on a new session


async def test_the_gateways_goodbye_is_answered_and_the_next_session_opens(
    ismg: FakeIsmg, start: Start
) -> None:
    channel = await start()
    ismg.traps.terminate_after = 1
    assert isinstance(await channel.send(SHORT), Sent)  # its answer was under way
    ismg.traps.terminate_after = None
    assert isinstance(await channel.send(SHORT), Sent)
    assert len(ismg.connects) == 2


async def test_several_connections(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(connection_count=3)
    await ismg.until(lambda: sum(each.open for each in ismg.sessions) == 3)
    await asyncio.gather(*(channel.send(Outbound(n, CITIZEN, "您好")) for n in range(48)))
    assert all(session.submits for session in ismg.sessions)
    assert len((await channel.health())["sessions"]) == 3


async def test_a_report_bears_the_id_the_outbox_has(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    result = await channel.send(SHORT)
    assert [answer.result for answer in await ismg.reported()] == [0]
    assert gateway.receipts == [
        DeliveryReceipt(
            "county", ReceiptState.DELIVERED, provider_id=provider_id(result), detail="DELIVRD"
        )
    ]


async def test_a_report_before_the_answer_bears_the_same_id(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    ismg.traps.report_first = True
    result = await channel.send(SHORT)
    await ismg.reported()
    assert [receipt.provider_id for receipt in gateway.receipts] == [provider_id(result)]


@pytest.mark.parametrize("report_first", [True, False])
async def test_a_long_message_is_delivered_when_all_parts_are(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, report_first: bool
) -> None:
    channel = await start()
    ismg.traps.report_first, ismg.traps.reports = report_first, 2
    result = await channel.send(LONG)
    assert provider_id(result).endswith("/4")  # no report alone may match it
    await ismg.reported()
    whole = [receipt for receipt in gateway.receipts if receipt.outbox_id is not None]
    assert whole == [DeliveryReceipt("county", ReceiptState.DELIVERED, outbox_id=8)]


async def test_a_report_of_one_part_alone_says_nothing_yet(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    ismg.traps.only_part = 2
    await channel.send(LONG)
    assert [answer.result for answer in await ismg.reported()] == [0]
    assert [receipt for receipt in gateway.receipts if receipt.outbox_id is not None] == []


async def test_reports_after_a_restart_still_find_their_message(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    ismg.traps.reports = 0
    result = await channel.send(LONG)
    first = int(provider_id(result).partition("/")[0], 16)
    await channel.close()
    await start()
    await ismg.report(first + 1, "MB:0041")  # the second part's
    (receipt,) = gateway.receipts
    assert receipt == DeliveryReceipt("county", ReceiptState.FAILED, outbox_id=8, detail="MB:0041")


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        ("DELIVRD", ReceiptState.DELIVERED),
        ("ACCEPTD", ReceiptState.BUFFERED),
        ("EXPIRED", ReceiptState.FAILED),
        ("UNKNOWN", ReceiptState.FAILED),
        ("MA:0054", ReceiptState.FAILED),
        ("", ReceiptState.FAILED),
    ],
)
async def test_words_of_reports(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, stat: str, state: ReceiptState
) -> None:
    channel = await start()
    ismg.traps.stat = stat
    await channel.send(SHORT)
    await ismg.reported()
    assert [(receipt.state, receipt.detail) for receipt in gateway.receipts] == [(state, stat)]


async def test_a_report_that_says_we_are_too_fast_slows_us(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(wait_seconds=0.3)
    ismg.traps.stat = "MI:0061"
    await channel.send(SHORT)
    await ismg.reported()
    assert isinstance(await channel.send(SHORT), Retry)
    assert "慢" in (await channel.health())["detail"]


async def test_a_report_that_is_not_stored_is_not_answered(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    ismg.traps.reports = 0
    result = await channel.send(SHORT)
    gateway.unavailable = True
    msg_id = int(provider_id(result), 16)
    assert await ismg.report(msg_id, seconds=0.2) is None
    gateway.unavailable = False
    answer = await ismg.report(msg_id)
    assert answer is not None
    assert answer.result == 0
    assert len(gateway.receipts) == 1


async def test_a_late_answer_lets_a_report_find_the_row(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start(answer_seconds=0.1)
    ismg.traps.hold_answers = True
    assert isinstance(await channel.send(SHORT), Unknown)
    msg_id = await ismg.release()
    await ismg.report(msg_id)
    assert gateway.receipts == [DeliveryReceipt("county", ReceiptState.DELIVERED, outbox_id=7)]


async def test_rates_hold_in_segments(ismg: FakeIsmg, start: Start) -> None:
    channel = await start(segments_per_second=3, wait_seconds=0.1)
    result = await channel.send(LONG)
    assert isinstance(result, Retry)
    assert len(ismg.submits) == 3
    assert isinstance(await channel.send(SHORT), Retry)
