"""CMPP between a gateway and the real inbox and outbox: rows end as what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from backend.conversation.tables import message
from channels.sms.cmpp.pdus import Deliver
from channels.sms.testing import FakeIsmg
from tests.channels.sms.line import CITIZEN, Line, running

LONG = "您的问题已转到镇里，编号20261123-0007-3。" * 8


@pytest.fixture
async def ismg() -> AsyncIterator[FakeIsmg]:
    gateway = FakeIsmg()
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def line(database_url: str, tmp_path: Path, ismg: FakeIsmg) -> AsyncIterator[Line]:
    async def connected() -> None:
        await ismg.until(lambda: any(each.open for each in ismg.sessions))

    options = {**ismg.options(), "answer_seconds": 0.3}
    async with running(database_url, tmp_path, options, connected) as found:
        yield found


@pytest.mark.parametrize("report_first", [False, True])
@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_delivered(line: Line, ismg: FakeIsmg, text: str, report_first: bool) -> None:
    ismg.traps.report_first, ismg.traps.reports = report_first, 2
    row = await line.queue(text)
    await line.becomes(row, "delivered")


async def test_a_report_of_one_part_leaves_the_row_sent(line: Line, ismg: FakeIsmg) -> None:
    ismg.traps.only_part = 1
    row = await line.queue(LONG)
    await line.becomes(row, "sent")
    await ismg.reported()
    assert await line.state(row) == ("sent", None)


@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_failed_with_the_gateways_word(line: Line, ismg: FakeIsmg, text: str) -> None:
    ismg.traps.stat = "MA:0054"
    row = await line.queue(text)
    await line.becomes(row, "failed")
    await ismg.reported()
    assert await line.state(row) == ("failed", "MA:0054")


async def test_unknown_until_a_report_says_more(line: Line, ismg: FakeIsmg) -> None:
    ismg.traps.hold_answers = True
    row = await line.queue("您好")
    await line.becomes(row, "unknown")
    msg_id = await ismg.release()
    await ismg.report(msg_id)
    await line.becomes(row, "delivered")
    assert len(ismg.submits) == 1


async def test_refused(line: Line, ismg: FakeIsmg) -> None:
    ismg.traps.result = 13
    row = await line.queue("您好")
    await line.becomes(row, "failed")
    assert await line.state(row) == ("failed", "wrong destination")


async def test_a_message_is_answered_when_it_is_in_the_inbox_and_once_there(
    line: Line, ismg: FakeIsmg
) -> None:
    deliver = Deliver(
        msg_id=9001,
        dest_id="10690000880012",
        msg_fmt=8,
        src_terminal_id=CITIZEN,
        content="第二题选2".encode("utf-16-be"),
    )
    for _ in range(2):
        answer = await ismg.deliver(deliver, sequence=5)
        assert answer is not None
        assert answer.result == 0
        async with line.database.read() as connection:
            found = (await connection.execute(select(message.c.text, message.c.detail))).all()
        assert [tuple(row) for row in found] == [("第二题选2", {"extension": "0012"})]


async def test_many_at_once_in_both_directions(line: Line, ismg: FakeIsmg) -> None:
    rows = [await line.queue(f"第{number}条") for number in range(30)]
    await asyncio.gather(*(ismg.text(CITIZEN, f"第{number}句") for number in range(30)))
    for row in rows:
        await line.becomes(row, "delivered")
    async with line.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(message)) == 30
