"""What providers report, stored a group at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, func, select

from backend.conversation.receipts import Receipts
from backend.conversation.tables import outbox as table
from backend.conversation.tables import receipt
from backend.database.engine import Database
from backend.ports import DeliveryReceipt, ReceiptState, Sent
from tests.conversation.conftest import HandClock
from tests.conversation.test_outbox import Desk

NUMBER = 40


@pytest.fixture
def desk(database: Database, clock: HandClock) -> Desk:
    return Desk(database, clock)


async def _sent(desk: Desk) -> list[int]:
    for number in range(NUMBER):
        await desk.queue(f"甲{number}")
    rows = await desk.claim(NUMBER)
    for number, row in enumerate(rows):
        await desk.record(row, Sent(f"p{number}"))
    return [row.id for row in rows]


def _delivered(number: int, account: str = "town") -> DeliveryReceipt:
    return DeliveryReceipt(account, ReceiptState.DELIVERED, provider_id=f"p{number}")


async def _states(database: Database) -> list[str]:
    async with database.read() as connection:
        found = await connection.execute(select(table.c.state).order_by(table.c.id))
        return list(found.scalars())


async def test_those_that_wait_together_take_one_transaction(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    await _sent(desk)
    commits: list[Any] = []
    event.listen(database.writer.sync_engine, "commit", commits.append)
    receipts = Receipts(database, clock)
    await asyncio.gather(*(receipts.store(_delivered(number)) for number in range(NUMBER)))
    assert len(commits) == 1
    assert await _states(database) == ["delivered"] * NUMBER


async def test_the_first_final_word_of_a_group_holds(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    await _sent(desk)
    receipts = Receipts(database, clock)
    failed = DeliveryReceipt("town", ReceiptState.FAILED, provider_id="p0", detail="UNDELIV")
    words = [failed, _delivered(0), _delivered(1), _delivered(1)]
    await asyncio.gather(*(receipts.store(word) for word in words))
    assert (await _states(database))[:3] == ["failed", "delivered", "sent"]


async def test_one_of_no_account_holds_up_no_other(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    await _sent(desk)
    receipts = Receipts(database, clock)
    came = [_delivered(0), _delivered(1, "nobody"), _delivered(2)]
    done = await asyncio.gather(*map(receipts.store, came), return_exceptions=True)
    assert [type(each) for each in done] == [type(None), KeyError, type(None)]
    assert (await _states(database))[:3] == ["delivered", "sent", "delivered"]
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(receipt)) == 2


async def test_groups_and_results_at_the_same_time_do_not_wait_for_each_other(
    desk: Desk, database: Database, clock: HandClock
) -> None:
    """Of two processes, with the same names in other orders."""
    for number in range(NUMBER):
        await desk.queue(f"甲{number}")
    rows = await desk.claim(NUMBER)
    one, other = Receipts(database, clock), Receipts(database, clock)
    backwards = range(NUMBER - 1, -1, -1)
    async with asyncio.timeout(30):
        await asyncio.gather(
            *(one.store(_delivered(number)) for number in range(NUMBER)),
            *(other.store(_delivered(number)) for number in backwards),
            *(desk.record(row, Sent(f"p{number}")) for number, row in enumerate(rows)),
        )
    assert await _states(database) == ["delivered"] * NUMBER


async def test_a_receipt_waits_for_no_group_that_failed(
    desk: Desk, database: Database, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _sent(desk)
    receipts = Receipts(database, clock)
    with monkeypatch.context() as patched:

        def away() -> None:
            raise OSError("no database")

        patched.setattr(database, "write", away)
        done = await asyncio.gather(
            receipts.store(_delivered(0)), receipts.store(_delivered(1)), return_exceptions=True
        )
        assert [type(each) for each in done] == [OSError, OSError]
    await receipts.store(_delivered(0))
    assert (await _states(database))[:2] == ["delivered", "sent"]
