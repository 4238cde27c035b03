"""Two accounts that stand in for each other, with the real outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select, update

from backend.clock import SystemClock
from backend.conversation import consent, outbox, receipts
from backend.conversation.addresses import AddressRow, find_or_open, load_accounts
from backend.conversation.carriers import Carriers, Member, carriers
from backend.conversation.consent import opted_out
from backend.conversation.outbox import Claimed
from backend.conversation.sender import Sender
from backend.conversation.tables import account_weight, address
from backend.conversation.tables import outbox as table
from backend.database.engine import Database
from backend.organisation.tables import account
from backend.ports import (
    Channel,
    Clock,
    DeliveryReceipt,
    Noticed,
    Outbound,
    ReceiptState,
    Rejected,
    Retry,
    SendResult,
    Sent,
    Unknown,
    Unreachable,
)
from tests.conversation.conftest import HandClock

PHONE = "13800138000"
MEMBERS = {"line": Member("both", 50), "second": Member("both", 50)}
Sending = Callable[[Outbound], Awaitable[SendResult]]


class Line:
    """A channel that sends as it is told, and keeps what it was given."""

    idempotent = False

    def __init__(self, result: SendResult) -> None:
        self.result = result
        self.given: list[Outbound] = []

    async def send(self, message: Outbound) -> SendResult:
        self.given.append(message)
        match self.result:
            case Sent():
                return Sent(f"p{message.outbox_id}")
        return self.result


@pytest.fixture
async def pool(database: Database) -> Database:
    """The accounts `line` and `second`, one pool."""
    async with database.write() as connection:
        org_id = await connection.scalar(select(account.c.org_id).limit(1))
        second = {"name": "second", "channel": "sms", "org_id": org_id, "note": ""}
        await connection.execute(account.insert().values(**second))
        await connection.execute(
            update(account).where(account.c.channel == "sms").values(pool="both")
        )
    return database


async def who(database: Database, name: str = "line", phone: str = PHONE) -> AddressRow:
    async with database.write() as connection:
        row = (await load_accounts(connection))[name]
        found = await find_or_open(connection, [(row, phone)], SystemClock().now())
    return found[row.id, phone]


async def queue(database: Database, text: str, *, phone: str = PHONE, bound: bool = False) -> int:
    person, now = await who(database, phone=phone), SystemClock().now()
    async with database.write() as connection:
        queued = await outbox.queue(
            connection,
            dedupe_key=text,
            text=text,
            due_at=now,
            account_id=(await load_accounts(connection))["line"].id,
            address_id=person.id,
            citizen_id=person.citizen_id,
            lane="reply",
            key="test",
            created_at=now,
            bound=bound,
        )
    assert queued is not None
    return queued


@asynccontextmanager
async def sending(
    database: Database, *, first: float = 0.0, **lines: Line
) -> AsyncIterator[Carriers]:
    """`first`: the draw, 0.0 being the account with the lowest id."""
    clock = SystemClock()
    of = Carriers(database, clock, MEMBERS, lambda: first)
    channels = {name: cast(Channel, line) for name, line in lines.items()}
    sender = Sender(database, clock, "me", channels, poll_seconds=0.05, carriers=of)
    async with database.read() as connection:
        accounts = await load_accounts(connection)
    await sender.start(accounts)
    try:
        yield of
    finally:
        await sender.close()


async def row_of(database: Database, outbox_id: int) -> tuple[str, str]:
    """(state, account)."""
    async with database.read() as connection:
        found = await connection.execute(
            select(table.c.state, account.c.name)
            .join(account, account.c.id == table.c.account_id)
            .where(table.c.id == outbox_id)
        )
        state, name = found.one()
    return state, name


async def becomes(database: Database, outbox_id: int, state: str, name: str) -> None:
    async with asyncio.timeout(10):
        while await row_of(database, outbox_id) != (state, name):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("trouble", [Retry("busy", 300.0), Unreachable("no template fits")])
async def test_what_one_does_not_take_goes_at_once_by_the_other(
    pool: Database, trouble: SendResult
) -> None:
    line, second = Line(trouble), Line(Sent())
    async with sending(pool, line=line, second=second):
        queued = await queue(pool, "您好")
        await becomes(pool, queued, "sent", "second")
    assert len(line.given) == len(second.given) == 1


async def test_a_receipt_finds_the_message_at_the_account_that_carried_it(pool: Database) -> None:
    async with sending(pool, line=Line(Retry("busy")), second=Line(Sent())):
        queued = await queue(pool, "您好")
        await becomes(pool, queued, "sent", "second")
    async with pool.write() as connection:
        second = (await load_accounts(connection))["second"]
        receipt = DeliveryReceipt("second", ReceiptState.DELIVERED, provider_id=f"p{queued}")
        await receipts.apply(connection, [(second.id, receipt)], SystemClock().now())
    assert await row_of(pool, queued) == ("delivered", "second")


@pytest.mark.parametrize(
    ("result", "state"),
    [(Unknown("no answer"), "unknown"), (Rejected("no such number"), "failed")],
)
async def test_what_may_have_left_or_never_will_goes_by_no_other(
    pool: Database, result: SendResult, state: str
) -> None:
    second = Line(Sent())
    async with sending(pool, line=Line(result), second=second):
        queued = await queue(pool, "您好")
        await becomes(pool, queued, state, "line")
    assert not second.given


async def test_what_has_begun_at_one_account_stays_there(pool: Database) -> None:
    line, second = Line(Retry("window full", 0.0, begun=True)), Line(Sent())
    async with sending(pool, line=line, second=second):
        queued = await queue(pool, "很长的短信")
        async with asyncio.timeout(10):
            while len(line.given) < 3:
                await asyncio.sleep(0.01)
        line.result = Sent()
        await becomes(pool, queued, "sent", "line")
    assert not second.given


async def test_a_bound_message_goes_by_its_own_account(pool: Database) -> None:
    second = Line(Sent())
    async with sending(pool, first=0.99, line=Line(Sent()), second=second):
        free, bound = await queue(pool, "随便"), await queue(pool, "指定", bound=True)
        await becomes(pool, free, "sent", "second")
        await becomes(pool, bound, "sent", "line")
    assert [each.text for each in second.given] == ["随便"]


async def test_one_account_by_itself_is_no_pool(pool: Database) -> None:
    of = Carriers(pool, SystemClock(), {"line": Member("both", 50)})
    async with pool.read() as connection:
        await of.start(await load_accounts(connection))
    row = Claimed(1, 1, 1, PHONE, "您好", 1)
    assert of.observe(row, Retry("busy", 9.0), 0.1) == Retry("busy", 9.0)


class Two:
    """Two processes with their own tallies, on a clock the test moves."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.processes = [Carriers(database, clock, MEMBERS, lambda: 0.0) for _ in range(2)]
        self.ids: dict[str, int] = {}

    async def start(self) -> None:
        async with self.database.read() as connection:
            accounts = await load_accounts(connection)
        self.ids = {name: accounts[name].id for name in MEMBERS}
        for each in self.processes:
            await each.start(accounts)
            await each.close()  # the test weighs by itself

    def fail(self, name: str, times: int, *, fault: bool = True) -> None:
        row = Claimed(1, self.ids[name], 1, PHONE, "您好", 9)
        for each in self.processes:
            for _ in range(times):
                each.observe(row, Retry("busy", fault=fault), 0.1)

    async def weights(self) -> dict[str, int]:
        for each in self.processes:
            await each.weigh()
        async with self.database.read() as connection:
            found = await carriers(connection)
        return {each.account: each.weight.weight for each in found}


async def test_processes_agree_by_what_lies_in_sql(pool: Database, clock: HandClock) -> None:
    two = Two(pool, clock)
    await two.start()
    assert await two.weights() == {"line": 50, "second": 50}
    clock.pass_(1)
    two.fail("line", 5, fault=False)
    assert await two.weights() == {"line": 50, "second": 50}
    two.fail("line", 5)
    clock.pass_(1)
    assert await two.weights() == {"line": 0, "second": 50}
    assert await two.weights() == {"line": 0, "second": 50}
    for _ in range(5):
        clock.pass_(601)
        await two.weights()
    assert await two.weights() == {"line": 50, "second": 50}
    async with pool.read() as connection:
        shown = await carriers(connection)
    assert [(each.account, each.share, each.weight.reason) for each in shown] == [
        ("line", 0.5, "drift"),
        ("second", 0.5, "start"),
    ]


async def test_a_restart_knows_the_weights_and_another_setting_begins_anew(
    pool: Database, clock: HandClock
) -> None:
    two = Two(pool, clock)
    await two.start()
    two.fail("line", 5)
    assert (await two.weights())["line"] == 0
    await two.start()
    assert (await two.weights())["line"] == 0
    changed = Carriers(pool, clock, MEMBERS | {"line": Member("both", 80)})
    async with pool.read() as connection:
        accounts = await load_accounts(connection)
    await changed.start(accounts)
    await changed.close()
    assert (await two.weights())["line"] == 80


async def test_an_account_that_left_its_pool_is_shown_no_more(
    pool: Database, clock: HandClock
) -> None:
    two = Two(pool, clock)
    await two.start()
    alone = Carriers(pool, clock, {"line": MEMBERS["line"]})
    async with pool.read() as connection:
        await alone.start(await load_accounts(connection))
    await alone.close()
    async with pool.read() as connection:
        assert await carriers(connection) == []


async def test_late_deliveries_are_seen_where_the_provider_tells_of_any(
    pool: Database, clock: HandClock
) -> None:
    two = Two(pool, clock)
    await two.start()
    for number in range(6):
        queued = await queue(pool, f"第{number}条", phone=f"1380013800{number}")
        async with pool.write() as connection:
            sent = {"state": "sent", "sent_at": clock.now()}
            await connection.execute(update(table).where(table.c.id == queued).values(**sent))
    clock.pass_(400)
    assert (await two.weights())["line"] == 50
    async with pool.write() as connection:
        told = DeliveryReceipt("line", ReceiptState.BUFFERED, provider_id="another")
        await receipts.apply(connection, [(two.ids["line"], told)], clock.now())
    assert (await two.weights())["line"] == 40
    async with pool.read() as connection:
        reason = await connection.scalar(
            select(account_weight.c.reason).where(account_weight.c.account_id == two.ids["line"])
        )
    assert reason == "slow"


async def test_a_number_is_one_person_at_every_account_of_its_pool(pool: Database) -> None:
    first = await who(pool, "line")
    beside = await who(pool, "second")
    assert beside.citizen_id == first.citizen_id
    assert beside.id != first.id
    stranger = await who(pool, "second", "13900139000")
    assert stranger.citizen_id != first.citizen_id
    assert (await who(pool, "town")).citizen_id != first.citizen_id


async def test_a_refusal_holds_at_every_account_of_the_pool(pool: Database) -> None:
    first = await who(pool, "line")
    now = SystemClock().now() - timedelta(minutes=1)
    async with pool.write() as connection:
        said = {"citizen_id": first.citizen_id, "words": "TD", "now": now}
        await consent.decide(connection, address_id=first.id, decision="opt_out", **said)
    beside = await who(pool, "second")

    async def refused() -> list[bool]:
        async with pool.read() as connection:
            rows = await connection.execute(
                select(opted_out(address.c.id))
                .where(address.c.id.in_((first.id, beside.id)))
                .order_by(address.c.id)
            )
            return [bool(each) for each in rows.scalars()]

    assert await refused() == [True, True]
    async with pool.write() as connection:
        said = {"citizen_id": first.citizen_id, "words": "恢复", "now": now}
        await consent.decide(connection, address_id=beside.id, decision="opt_in", **said)
    assert await refused() == [False, False]


async def test_a_notice_by_one_account_is_a_notice(pool: Database) -> None:
    async with sending(pool, line=Line(Noticed("sms_template", "n1")), second=Line(Sent())):
        queued = await queue(pool, "您好")
        await becomes(pool, queued, "kept", "line")
