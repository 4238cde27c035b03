"""The sender with channels that hang, fail as nobody foresaw, or are slow at shutdown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import time as time_of_day
from typing import Any, cast

from sqlalchemy import func, select

from backend.clock import SystemClock
from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.sender import MOST_AT_ONCE, Sender
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.ports import Channel, Outbound, SendResult, Sent
from backend.surveys.push_limits import QuietHours

Sending = Callable[[Outbound], Awaitable[SendResult]]


class Line:
    """A channel that sends as it is told."""

    idempotent = False

    def __init__(self, send: Sending) -> None:
        self.send = send


async def fine(_message: Outbound) -> SendResult:
    return Sent()


async def fails(_message: Outbound) -> SendResult:
    raise RuntimeError("not as the port says")


async def queue(database: Database, account: str, count: int, *, lane: str = "reply") -> None:
    now = SystemClock().now()
    async with database.write() as connection:
        row = (await load_accounts(connection))[account]
        names = [f"{account}-{number}" for number in range(count)]
        found = await find_or_open(connection, [(row, name) for name in names], now)
        for name in names:
            who = found[row.id, name]
            await outbox.queue(
                connection,
                dedupe_key=f"{name}-{lane}",
                text=name,
                due_at=now,
                account_id=row.id,
                address_id=who.id,
                citizen_id=who.citizen_id,
                lane=lane,
                key="test",
                created_at=now,
            )


@asynccontextmanager
async def sending(
    database: Database,
    *,
    claim_seconds: float = 2.0,
    never_quiet: bool = False,
    always_quiet: bool = False,
    **lines: Sending,
) -> AsyncIterator[Sender]:
    quiet = QuietHours()
    if never_quiet:
        quiet = QuietHours(time_of_day(0), time_of_day(0))
    if always_quiet:
        quiet = QuietHours(time_of_day(0), time_of_day.max)
    channels = {name: cast(Channel, Line(send)) for name, send in lines.items()}
    sender = Sender(
        database,
        SystemClock(),
        "me",
        channels,
        claim_seconds=claim_seconds,
        poll_seconds=0.05,
        quiet=quiet,
    )
    async with database.read() as connection:
        accounts = await load_accounts(connection)
    await sender.start(accounts)
    try:
        yield sender
    finally:
        await sender.close()


async def states(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        rows = await connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
        return {row[0]: row[1] for row in rows}


async def until(condition: Callable[[], Awaitable[Any]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)


async def test_an_account_whose_provider_hangs_delays_no_other(database: Database) -> None:
    await queue(database, "town", 3 * MOST_AT_ONCE)
    await queue(database, "line", 5)

    async def answered() -> bool:
        return (await states(database)).get("sent", 0) == 5

    released = asyncio.Event()

    async def hangs(_message: Outbound) -> SendResult:
        await released.wait()
        return Sent()

    async with sending(database, claim_seconds=3600.0, town=hangs, line=fine):
        try:
            await until(answered)
            # All its places are taken by those that hang, none of which has ended.
            assert (await states(database))["sending"] == MOST_AT_ONCE
        finally:
            released.set()


async def test_a_channel_that_raises_leaves_its_row_unknown_and_the_others_go_on(
    database: Database,
) -> None:
    await queue(database, "town", 2)
    await queue(database, "line", 2)

    async def settled() -> bool:
        return await states(database) == {"unknown": 2, "sent": 2}

    async with sending(database, town=fails, line=fine):
        await until(settled)


async def test_closing_lets_what_is_under_way_come_to_its_end(database: Database) -> None:
    await queue(database, "town", 10)
    begun = asyncio.Event()

    async def slow(_message: Outbound) -> SendResult:
        begun.set()
        await asyncio.sleep(0.2)
        return Sent()

    async with sending(database, town=slow):
        async with asyncio.timeout(5):
            await begun.wait()
    assert "sending" not in await states(database)
    assert "unknown" not in await states(database)


async def test_a_providers_words_that_sql_refuses_hold_up_nothing(database: Database) -> None:
    await queue(database, "town", 1)

    async def odd(_message: Outbound) -> SendResult:
        return Sent("id\x00" + "9" * 500)

    async def sent() -> bool:
        return await states(database) == {"sent": 1}

    async with sending(database, town=odd):
        await until(sent)


async def test_many_pushes_leave_at_their_rate_and_answers_between_them(
    database: Database,
) -> None:
    await queue(database, "town", 200, lane="push")
    await queue(database, "town", 1, lane="reply")
    left: list[str] = []

    async def notes(message: Outbound) -> SendResult:
        left.append(message.text)
        return Sent()

    async def some_left() -> bool:
        return len(left) >= 12

    began = time.monotonic()
    async with sending(database, never_quiet=True, town=notes):
        await until(some_left)
        passed = time.monotonic() - began
    # Half a second's worth at once, then twenty a second; the answer with the first.
    assert len(left) <= 12 + 20 * (passed + 1)
    assert len(left) < 100
    async with database.read() as connection:
        lanes = await connection.execute(
            select(table.c.lane).where(table.c.state == "sent").distinct()
        )
        assert {row.lane for row in lanes} == {"push", "reply"}


async def test_nothing_is_pushed_in_quiet_hours(database: Database) -> None:
    await queue(database, "town", 3, lane="push")
    await queue(database, "line", 1)

    async def answered() -> bool:
        return (await states(database)).get("sent", 0) == 1

    async with sending(database, always_quiet=True, town=fine, line=fine) as sender:
        await until(answered)
        assert not await sender._fill()
    assert (await states(database))["queued"] == 3
