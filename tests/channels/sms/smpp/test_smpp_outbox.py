"""SMPP between a gateway and the real inbox and outbox: rows end as what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.conversation.tables import message
from channels.sms.testing import FakeSmsc
from tests.channels.sms.line import CITIZEN, Line, running

LONG = "您的问题已转到镇里，编号20261123-0007-3。" * 8


@pytest.fixture
async def line(database_url: str, tmp_path: Path, smsc: FakeSmsc) -> AsyncIterator[Line]:
    async def connected() -> None:
        await smsc.until(lambda: bool(smsc.open))

    options = {**smsc.options(), "answer_seconds": 0.3}
    async with running(database_url, tmp_path, options, connected) as found:
        yield found


@pytest.mark.parametrize("receipt_ids", ["hex", "decimal"])
@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_delivered(line: Line, smsc: FakeSmsc, text: str, receipt_ids: Any) -> None:
    smsc.traps.receipt_ids, smsc.traps.reports = receipt_ids, 2
    row = await line.queue(text)
    await line.becomes(row, "delivered")


@pytest.mark.parametrize("text", ["您好", LONG], ids=["short", "long"])
async def test_delivered_though_the_receipt_came_first(
    line: Line, smsc: FakeSmsc, text: str
) -> None:
    smsc.traps.report_first = True
    row = await line.queue(text)
    await line.becomes(row, "delivered")


async def test_failed_with_the_gateways_word(line: Line, smsc: FakeSmsc) -> None:
    smsc.traps.stat = "UNDELIV"
    row = await line.queue(LONG)
    await line.becomes(row, "failed")
    await smsc.reported()
    assert await line.state(row) == ("failed", "UNDELIV")


async def test_unknown_until_a_receipt_says_more(line: Line, smsc: FakeSmsc) -> None:
    smsc.traps.hold_answers = True
    row = await line.queue("您好")
    await line.becomes(row, "unknown")
    await smsc.report(await smsc.release())
    await line.becomes(row, "delivered")
    assert len(smsc.submits) == 1


async def test_refused(line: Line, smsc: FakeSmsc) -> None:
    smsc.traps.status = 0x0B
    row = await line.queue("您好")
    await line.becomes(row, "failed")
    assert await line.state(row) == ("failed", "wrong destination")


async def test_many_at_once_in_both_directions(line: Line, smsc: FakeSmsc) -> None:
    rows = [await line.queue(f"第{number}条") for number in range(30)]
    await asyncio.gather(*(smsc.text(CITIZEN, f"第{number}句") for number in range(30)))
    for row in rows:
        await line.becomes(row, "delivered")
    async with line.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(message)) == 30
