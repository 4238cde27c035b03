"""Messages in, against a gateway that shows what real ones do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ports_in_memory import FakeClock, RecordingGateway

import channels.sms
from channels.sms.cmpp import Codec, Version, decode_report
from channels.sms.cmpp.pdus import Deliver, DeliverResp
from channels.sms.long_messages import WAIT
from channels.sms.message_parts import decode_text, read_user_data
from channels.sms.numbers import normalise
from channels.sms.testing import FakeIsmg
from channels.sms.testing.ismg import SENDER
from tests.channels.sms.cmpp.conftest import Start

CITIZEN = "13800138000"
WORDS = "常家沟村到镇上的路塌了半边，娃娃上学要绕五里地，下雨天根本走不成。" * 5 + "👴"


def deliver(text: str = "水管爆了", **changed: object) -> Deliver:
    plain = Deliver(
        msg_id=9001,
        dest_id=SENDER,
        msg_fmt=8,
        src_terminal_id=CITIZEN,
        content=text.encode("utf-16-be"),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def long_parts(
    text: str = WORDS, *, wide: bool = False, coding: str = "utf-16-be", reference: int = 0x12
) -> list[Deliver]:
    octets, size = text.encode(coding), 133 if wide else 134
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    head = bytes((6, 8, 4, 1, reference)) if wide else bytes((5, 0, 3, reference))
    return [
        deliver(
            msg_id=9100 + number,
            tp_udhi=1,
            msg_fmt=8 if coding == "utf-16-be" else 15,
            content=head + bytes((len(pieces), number)) + piece,
        )
        for number, piece in enumerate(pieces, 1)
    ]


FIXTURES = Path(channels.sms.__file__).parent / "fixtures" / "cmpp.json"
VERSIONS = {"2.0": Version.V20, "3.0": Version.V30}


def fixtures() -> list[dict[str, Any]]:
    return list(json.loads(FIXTURES.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", fixtures(), ids=lambda case: case["what"])
def test_frames_of_the_page(case: dict[str, Any]) -> None:
    _, pdu = Codec(VERSIONS[case["version"]]).decode(bytes.fromhex(case["hex"]))
    assert type(pdu).__name__ == case["pdu"]
    if not isinstance(pdu, Deliver):
        return
    if pdu.registered_delivery:
        assert decode_report(pdu.content).stat == case["stat"]
        return
    found, payload = read_user_data(pdu.content) if pdu.tp_udhi else (None, pdu.content)
    assert decode_text(payload, pdu.msg_fmt) == case["text"]
    assert normalise(pdu.src_terminal_id) == case["address"]
    assert pdu.dest_id == SENDER + case["extension"]
    part = [found.reference, found.total, found.number] if found else None
    assert part == case.get("part")


async def send(ismg: FakeIsmg, delivers: Sequence[Deliver]) -> list[DeliverResp | None]:
    return [await ismg.deliver(each) for each in delivers]


def texts(gateway: RecordingGateway) -> list[str]:
    return [inbound.text for inbound in gateway.inbounds]


async def test_a_message_is_answered_with_its_own_id(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    assert await ismg.deliver(deliver(src_terminal_id="8613800138000")) == DeliverResp(9001, 0)
    (inbound,) = gateway.inbounds
    assert (inbound.address, inbound.text, inbound.extension) == (CITIZEN, "水管爆了", "")
    assert inbound.raw


@pytest.mark.parametrize("dest_id", [SENDER + "0012", SENDER + "1"])
async def test_what_follows_our_number_is_kept(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, dest_id: str
) -> None:
    await start()
    await ismg.deliver(deliver(dest_id=dest_id))
    assert gateway.inbounds[0].extension == dest_id.removeprefix(SENDER)


@pytest.mark.parametrize(
    ("octets", "coding", "text"),
    [
        ("国标编码上行".encode("gb18030"), 15, "国标编码上行"),
        (b"TD", 0, "TD"),
        (b"\x1b\x65 5", 0, "€ 5"),
        ("路灯坏了👴".encode("utf-16-be"), 8, "路灯坏了👴"),
    ],
)
async def test_formats(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, octets: bytes, coding: int, text: str
) -> None:
    await start()
    await ismg.deliver(deliver(content=octets, msg_fmt=coding))
    assert texts(gateway) == [text]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("coding", ["utf-16-be", "gb18030"])
async def test_a_long_message_is_joined_in_any_order_and_twice(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, wide: bool, coding: str
) -> None:
    await start()
    parts = long_parts(wide=wide, coding=coding)
    arriving = [parts[-1], parts[0], parts[0], *parts[1:-1]]
    answers = await send(ismg, arriving)
    assert answers == [DeliverResp(part.msg_id, 0) for part in arriving]
    assert texts(gateway) == [WORDS]
    # All of it again: the gateway had not heard our answers.
    await send(ismg, parts)
    assert texts(gateway) == [WORDS]


async def test_parts_outlive_the_process(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    parts = long_parts()
    channel = await start()
    await send(ismg, parts[:-1])
    assert gateway.inbounds == []
    await channel.close()
    await start()
    await send(ismg, parts[-1:])
    assert texts(gateway) == [WORDS]


async def test_parts_that_do_not_come_are_marked(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, clock: FakeClock
) -> None:
    channel = await start()
    parts = long_parts()
    await send(ismg, [parts[0], parts[2]])
    clock.set(clock.now() + WAIT - timedelta(seconds=1))
    await channel.sweep()
    assert gateway.inbounds == []
    clock.set(clock.now() + timedelta(seconds=1))
    await channel.sweep()
    (text,) = texts(gateway)
    assert text == WORDS[:67] + "（这里缺第2段，没有收到）" + WORDS[134:]


async def test_a_long_message_that_is_not_stored_is_tried_again(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    parts = long_parts()
    await send(ismg, parts[:-1])
    gateway.unavailable = True
    assert await ismg.deliver(parts[-1], seconds=0.2) is None
    gateway.unavailable = False
    await channel.sweep()
    assert texts(gateway) == [WORDS]
    assert await ismg.deliver(parts[-1]) == DeliverResp(parts[-1].msg_id, 0)
    assert texts(gateway) == [WORDS]


async def test_words_do_not_stay_in_the_journal(
    ismg: FakeIsmg, start: Start, clock: FakeClock, tmp_path: Path
) -> None:
    channel = await start()
    parts = long_parts()
    await send(ismg, parts)
    journal = tmp_path / "sms" / "county.journal"
    assert CITIZEN in journal.read_text()
    clock.set(clock.now() + timedelta(hours=1))
    await channel.sweep()
    assert CITIZEN not in journal.read_text()
    await channel.close()
    await start()  # and still its parts are known
    assert await send(ismg, parts) == [DeliverResp(part.msg_id, 0) for part in parts]
    assert journal.read_text().count("part") == 0


async def test_one_msg_id_for_all_messages(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    ismg.traps.one_msg_id = 4242
    channel = await start()
    for text in ("1", "2", "1", "1"):
        await ismg.text(CITIZEN, text)
    assert texts(gateway) == ["1", "2", "1", "1"]
    # The same Sequence_Id on the same connection is the same message.
    again = deliver("1", msg_id=4242)
    await ismg.deliver(again, sequence=900)
    await ismg.deliver(again, sequence=900)
    assert texts(gateway) == ["1", "2", "1", "1", "1"]
    await channel.close()
    await start()  # known to repeat them from the first message on
    await ismg.text(CITIZEN, "1")
    assert texts(gateway) == ["1", "2", "1", "1", "1", "1"]


async def test_sent_again_on_the_next_connection(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    channel = await start()
    await ismg.deliver(deliver())
    await channel.close()
    await start()
    assert await ismg.deliver(deliver()) == DeliverResp(9001, 0)
    assert texts(gateway) == ["水管爆了"]


async def test_order_is_kept(ismg: FakeIsmg, start: Start, gateway: RecordingGateway) -> None:
    await start()
    session = ismg.session()
    for number in range(40):
        frame = session.encode(deliver(str(number), msg_id=100 + number), number)
        session.write_now(frame)
    await ismg.deliver(deliver("last", msg_id=999))
    assert texts(gateway) == [*map(str, range(40)), "last"]


async def test_one_octet_at_a_time(ismg: FakeIsmg, start: Start, gateway: RecordingGateway) -> None:
    ismg.traps.bytewise = True
    await start()
    await send(ismg, long_parts())
    assert texts(gateway) == [WORDS]


async def test_what_cannot_be_read_is_refused_and_the_session_goes_on(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    session = ismg.session()
    whole = session.encode(deliver(), 55)
    broken = (len(whole) - 3).to_bytes(4, "big") + whole[4:-3]
    session.write_now(broken)
    assert await ismg.deliver(deliver("还在", msg_id=9002)) == DeliverResp(9002, 0)
    assert texts(gateway) == ["还在"]


@pytest.mark.parametrize("sender", ["", "China Mobile"])
async def test_nobody_can_be_answered_is_refused(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway, sender: str
) -> None:
    await start()
    assert await ismg.deliver(deliver(src_terminal_id=sender)) == DeliverResp(9001, 1)
    assert gateway.inbounds == []


async def test_a_report_that_is_none_is_refused(
    ismg: FakeIsmg, start: Start, gateway: RecordingGateway
) -> None:
    await start()
    odd = deliver(registered_delivery=1, content=b"id:1 stat:DELIVRD")
    assert await ismg.deliver(odd) == DeliverResp(9001, 1)
    assert gateway.receipts == []
