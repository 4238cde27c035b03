from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from backend.conversation import outbox, outcomes, receipts
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.outbox import Claimed
from backend.conversation.outcomes import Outcome
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.ports import (
    DeliveryReceipt,
    ReceiptState,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from tests.conversation.conftest import HandClock


class Desk:
    """Queues rows for citizens by name and claims them as one sender."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.database, self.clock, self.count = database, clock, 0

    async def queue(self, who: str, *, lane: str = "reply", key: str = "") -> int:
        self.count += 1
        async with self.database.write() as connection:
            town = (await load_accounts(connection))["town"]
            (who_row,) = (await find_or_open(connection, [(town, who)], self.clock.now())).values()
            queued = await outbox.queue(
                connection,
                dedupe_key=key or f"k{self.count}",
                text=f"{who}-{self.count}",
                due_at=self.clock.now(),
                account_id=town.id,
                address_id=who_row.id,
                citizen_id=who_row.citizen_id,
                lane=lane,
                key="test",
                created_at=self.clock.now(),
            )
        return queued or 0

    async def claim(self, limit: int = 10) -> list[Claimed]:
        async with self.database.write() as connection:
            town = (await load_accounts(connection))["town"]
            return await outbox.claim_due(connection, [town.id], "me", self.clock.now(), limit)

    async def claim_pushes(self, limit: int = 10) -> list[Claimed]:
        async with self.database.write() as connection:
            town = (await load_accounts(connection))["town"]
            return await outbox.claim_pushes(connection, town.id, "me", self.clock.now(), limit)

    async def record(self, row: Claimed, result: SendResult) -> None:
        async with self.database.write() as connection:
            await outcomes.record(connection, [Outcome(row, result)], self.clock.now())

    async def receipt(self, **fields: Any) -> None:
        async with self.database.write() as connection:
            town = (await load_accounts(connection))["town"]
            await receipts.apply(
                connection, [(town.id, DeliveryReceipt("town", **fields))], self.clock.now()
            )

    async def state(self, outbox_id: int) -> str:
        async with self.database.read() as connection:
            return str(
                (
                    await connection.execute(select(table.c.state).where(table.c.id == outbox_id))
                ).scalar()
            )


@pytest.fixture
def desk(database: Database, clock: HandClock) -> Desk:
    return Desk(database, clock)


async def test_rows_of_one_address_leave_one_after_another_in_order(desk: Desk) -> None:
    for _ in range(3):
        await desk.queue("甲")
    await desk.queue("乙")
    first = await desk.claim()
    assert [row.text for row in first] == ["甲-1", "乙-4"]
    assert await desk.claim() == []
    await desk.record(first[0], Sent("p1"))
    assert [row.text for row in await desk.claim()] == ["甲-2"]


async def test_replies_go_before_notices_and_pushes_apart(desk: Desk) -> None:
    await desk.queue("甲", lane="push")
    await desk.queue("乙", lane="notice")
    await desk.queue("丙", lane="reply")
    order = []
    for _ in range(2):
        (row,) = await desk.claim(1)
        order.append(row.external_id)
    assert order == ["丙", "乙"]
    assert await desk.claim(1) == []
    assert [row.external_id for row in await desk.claim_pushes()] == ["甲"]


async def test_an_answer_does_not_wait_for_a_push_but_a_push_for_all_else(desk: Desk) -> None:
    await desk.queue("甲", lane="push")
    await desk.queue("甲", lane="reply")
    assert await desk.claim_pushes() == []
    (answer,) = await desk.claim()
    assert await desk.claim_pushes() == [], "the answer is on its way"
    await desk.record(answer, Sent("p1"))
    (push,) = await desk.claim_pushes()
    await desk.queue("甲", lane="reply")
    assert await desk.claim() == [], "the push is on its way: order is kept"
    await desk.record(push, Sent("p2"))
    assert [row.text for row in await desk.claim()] == ["甲-3"]


async def test_the_oldest_pushes_go_first(desk: Desk) -> None:
    for who in ("甲", "乙", "丙"):
        await desk.queue(who, lane="push")
        desk.clock.pass_(1)
    assert [row.external_id for row in await desk.claim_pushes(2)] == ["甲", "乙"]


async def test_the_same_thing_is_said_once(desk: Desk) -> None:
    assert await desk.queue("甲", key="turn:1")
    assert not await desk.queue("甲", key="turn:1")


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Sent("p"), "sent"),
        (Retry("busy"), "queued"),
        (Rejected("bad number"), "failed"),
        (Unreachable("window over"), "kept"),
        (Unknown("time-out"), "unknown"),
    ],
)
async def test_what_became_of_it(desk: Desk, result: SendResult, state: str) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    await desk.record(row, result)
    assert await desk.state(queued) == state


async def test_a_retry_waits_longer_each_time_and_ends_in_keeping(
    desk: Desk, clock: HandClock
) -> None:
    queued = await desk.queue("甲")
    waits = []
    for _ in range(outcomes.MOST_ATTEMPTS):
        waited = 0
        while not (rows := await desk.claim()):
            clock.pass_(5)
            waited += 5
        waits.append(waited)
        await desk.record(rows[0], Retry("provider down"))
    assert await desk.state(queued) == "kept"
    assert waits[0] == 0
    assert 200 <= max(waits) <= 400


async def test_an_abandoned_row_becomes_unknown_and_is_not_repeated(
    desk: Desk, clock: HandClock
) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    clock.pass_(3600)
    async with desk.database.write() as connection:
        assert await outbox.settle_abandoned(connection, [], clock.now()) == 1
    assert await desk.state(queued) == "unknown"
    assert await desk.claim() == []
    # The sender was only stopped, not dead: what it knows still counts.
    await desk.record(row, Sent("p1"))
    assert await desk.state(queued) == "sent"


async def test_an_abandoned_row_is_repeated_where_the_provider_refuses_repeats(
    desk: Desk, clock: HandClock
) -> None:
    await desk.queue("甲")
    (row,) = await desk.claim()
    clock.pass_(3600)
    async with desk.database.write() as connection:
        await outbox.settle_abandoned(connection, [row.account_id], clock.now())
    assert [again.id for again in await desk.claim()] == [row.id]


async def test_a_receipt_may_come_before_the_row_knows_its_provider_id(desk: Desk) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    await desk.receipt(state=ReceiptState.DELIVERED, provider_id="p9")
    assert await desk.state(queued) == "sending"
    await desk.record(row, Sent("p9"))
    assert await desk.state(queued) == "delivered"


async def test_a_final_state_never_goes_back(desk: Desk) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    await desk.receipt(state=ReceiptState.DELIVERED, outbox_id=queued)
    await desk.record(row, Unknown("time-out"))
    await desk.receipt(state=ReceiptState.BUFFERED, outbox_id=queued)
    await desk.receipt(state=ReceiptState.FAILED, outbox_id=queued)
    assert await desk.state(queued) == "delivered"


async def test_a_receipt_of_another_account_moves_nothing(desk: Desk) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    await desk.record(row, Sent("p1"))
    async with desk.database.write() as connection:
        line = (await load_accounts(connection))["line"]
        arrived = DeliveryReceipt(
            "line", ReceiptState.DELIVERED, outbox_id=queued, provider_id="p1"
        )
        await receipts.apply(
            connection,
            [(line.id, arrived)],
            desk.clock.now(),
        )
    assert await desk.state(queued) == "sent"


async def test_a_receipt_while_the_result_is_being_written(desk: Desk) -> None:
    queued = await desk.queue("甲")
    (row,) = await desk.claim()
    async with desk.database.write() as connection:
        await outcomes.record(connection, [Outcome(row, Sent("p1"))], desk.clock.now())
        # Of two transactions that do not see each other one must wait.
        arriving = asyncio.create_task(desk.receipt(state=ReceiptState.DELIVERED, provider_id="p1"))
        await asyncio.wait([arriving], timeout=0.3)
    await arriving
    assert await desk.state(queued) == "delivered"


async def test_a_group_is_written_each_with_its_own(desk: Desk) -> None:
    names = ["甲", "乙", "丙", "丁"]
    queued = [await desk.queue(name) for name in names]
    rows = await desk.claim()
    await desk.receipt(state=ReceiptState.DELIVERED, provider_id="p2")  # before its result
    await desk.receipt(state=ReceiptState.FAILED, outbox_id=queued[3], detail="full")
    results: list[SendResult] = [Sent("p1"), Sent("p2"), Unknown("no answer"), Sent()]
    async with desk.database.write() as connection:
        group = [Outcome(row, result) for row, result in zip(rows, results, strict=True)]
        await outcomes.record(connection, group, desk.clock.now())
    assert [await desk.state(id_) for id_ in queued] == ["sent", "delivered", "unknown", "failed"]
    async with desk.database.read() as connection:
        found = await connection.execute(select(table.c.provider_id).order_by(table.c.id))
        assert [row.provider_id for row in found] == ["p1", "p2", None, None]
