"""What every turn, claim and poll asks of SQL uses an index: a county writes a million messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.conversation import offers, outbox, outcomes, passive, permissions, receipts, turns
from backend.conversation.addresses import AccountRow, find_or_open
from backend.conversation.contact_history import contact_history
from backend.conversation.fragments import Waiting
from backend.conversation.lease import Lease
from backend.conversation.outbox import Claimed
from backend.conversation.outcomes import Outcome
from backend.conversation.read_on_page import read_on_page
from backend.conversation.scene import Scene
from backend.database.engine import Database
from backend.ports import About, DeliveryReceipt, PassiveReply, ReceiptState, Unreachable
from tests.conversation.conftest import HandClock

NOW = HandClock().now()
LEASE = Lease(1, 1, None, False, None, None, None)
MESSAGE = Waiting(1, 1, 1, "text", "你好", None, 0, NOW, None)
REPLY = PassiveReply(1, "好")
NO_WAY = Outcome(Claimed(1, 1, 1, "甲", "好", 1, None, About("1")), Unreachable("window over"))
FAILED = DeliveryReceipt("town", ReceiptState.FAILED, provider_id="77")
SCENE = Scene(1, 1, 1, 1, "wechat", "wechat", 1, [MESSAGE], NOW)

Query = Callable[[AsyncConnection], Awaitable[Any]]
QUERIES: dict[str, Query] = {
    "claim_due": lambda connection: outbox.claim_due(connection, [1], "me", NOW, 64),
    "claim_pushes": lambda connection: outbox.claim_pushes(connection, 1, "me", NOW, 5),
    "settle": lambda connection: outbox.settle_abandoned(connection, [1], NOW),
    "claim_passive": lambda connection: passive.claim(connection, 1, "me", NOW, 60.0),
    "passive_written": lambda connection: passive.written(connection, REPLY, NOW, whole=True),
    "at_contact": lambda connection: offers.at_contact(connection, SCENE),
    "resend": lambda connection: offers.resend(connection, SCENE),
    "waiting_citizens": lambda connection: turns.waiting_citizens(connection, NOW, 500),
    "waiting": lambda connection: turns._unread(connection, LEASE, NOW),
    "begun": lambda connection: turns._begun(connection, LEASE),
    "contact_history": lambda connection: contact_history(connection, 1, "甲", NOW),
    "no_way": lambda connection: outcomes.record(connection, [NO_WAY], NOW),
    "receipt": lambda connection: receipts.apply(connection, [(1, FAILED)], NOW),
    "read_on_page": lambda connection: read_on_page(connection, 1, NOW),
    "spend": lambda connection: permissions.spend(connection, 1, "T", 1, NOW),
    "addresses": lambda connection: find_or_open(
        connection, [(AccountRow(1, "town", "wechat", 1), "甲")], NOW
    ),
}


@pytest.fixture
async def filled(sqlite_database_url: str) -> AsyncIterator[Database]:
    """A turn that was begun, so that every query goes its whole way."""
    database = Database(sqlite_database_url)
    now = "2026-11-23 01:00:00.000000"
    async with database.write() as connection:
        for statement in (
            "INSERT INTO org (id, code, name, type, path, active)"
            " VALUES (1, 'c', '县', 'county', '/1/', 1)",
            "INSERT INTO account (id, name, channel, org_id, note)"
            " VALUES (1, 'town', 'wechat', 1, '')",
            f"INSERT INTO citizen (id, org_id, created_at) VALUES (1, 1, '{now}')",
            "INSERT INTO address (id, account_id, external_id, citizen_id, created_at)"
            f" VALUES (1, 1, '甲', 1, '{now}')",
            "INSERT INTO turn (citizen_id, seq, message_ids, started_at, attempts)"
            f" VALUES (1, 1, '[1]', '{now}', 0)",
        ):
            await connection.exec_driver_sql(statement)
    yield database
    await database.close()


@pytest.mark.parametrize("name", QUERIES)
async def test_nothing_reads_a_whole_table(filled: Database, name: str) -> None:
    plans = await _plans(filled, QUERIES[name])
    scans = [plan for plan in plans if plan.startswith("SCAN") and "USING" not in plan]
    # A few rows that the statement itself has made.
    own = {"SCAN CONSTANT ROW", "SCAN (subquery-1)", "SCAN due", "SCAN who", "SCAN came"}
    own |= {"SCAN together", "SCAN reply_0", "SCAN notice_0"}
    assert [scan for scan in scans if scan not in own] == []


# `claim_due` looks at two lanes, and then sorts the few it found.
@pytest.mark.parametrize(("name", "looks", "sorts"), [("claim_due", 2, 1), ("claim_pushes", 1, 0)])
async def test_what_waits_is_taken_in_the_order_of_an_index(
    filled: Database, name: str, looks: int, sorts: int
) -> None:
    plans = await _plans(filled, QUERIES[name])
    waiting = [plan for plan in plans if "ix_outbox_open" in plan]
    by_index = "SEARCH outbox USING INDEX ix_outbox_open (lane=? AND account_id=? AND due_at<?)"
    assert waiting == [by_index] * looks
    assert plans.count("USE TEMP B-TREE FOR ORDER BY") == sorts


async def _plans(database: Database, query: Query) -> list[str]:
    """How SQLite goes about everything that `query` asks."""
    asked: list[tuple[str, Any]] = []

    @event.listens_for(database.writer.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append((statement, given))

    async with database.write() as connection:
        await query(connection)
        done = [each for each in asked if each[0].startswith(("SELECT", "UPDATE", "WITH"))]
        assert done
        return [
            row[-1]
            for statement, given in done
            for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]
