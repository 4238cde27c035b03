"""`xiangyin sms send`: a test message through the outbox of a running app."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from backend.clock import SystemClock
from backend.conversation.addresses import load_accounts
from backend.conversation.carriers import Carriers, Member
from backend.conversation.sender import Sender
from backend.conversation.tables import outbox
from backend.database.engine import Database
from backend.organisation.tables import account, org
from backend.ports import Channel, Noticed, Outbound, Rejected, SendResult, Sent, Unknown
from xiangyin.commands.sms_send import Outcome, TrialMessage, queue_and_look, send_test
from xiangyin.settings import Settings

PHONE = "13800138000"
MEMBERS = {"first": Member("both", 50), "second": Member("both", 50)}


class Line:
    """A channel that sends as it is told."""

    idempotent = False

    def __init__(self, result: SendResult) -> None:
        self.result = result
        self.given: list[Outbound] = []

    async def send(self, message: Outbound) -> SendResult:
        self.given.append(message)
        return self.result


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """With the accounts `first` and `second`, one pool."""
    opened = Database(database_url)
    async with opened.write() as connection:
        office = {"code": "county", "name": "青禾县", "type": "county", "path": "/1/"}
        added = await connection.execute(
            org.insert().values(**office, active=True).returning(org.c.id)
        )
        org_id = added.scalar_one()
        for name in MEMBERS:
            row = {"name": name, "channel": "sms", "org_id": org_id, "note": "", "pool": "both"}
            await connection.execute(account.insert().values(**row))
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (Sent("p1"), Outcome("sent", "")),
        (Rejected("no such number"), Outcome("failed", "no such number")),
        (Unknown("no answer"), Outcome("unknown", "no answer")),
        (Noticed("sms_template", "p1"), Outcome("noticed", "")),
    ],
)
async def test_it_goes_by_the_named_account_and_its_outcome_is_told(
    database: Database, result: SendResult, outcome: Outcome
) -> None:
    clock, first, second = SystemClock(), Line(result), Line(Sent())
    channels = {"first": cast(Channel, first), "second": cast(Channel, second)}
    # The draw would choose the second.
    carriers = Carriers(database, clock, MEMBERS, lambda: 0.99)
    sender = Sender(database, clock, "me", channels, poll_seconds=0.05, carriers=carriers)
    async with database.read() as connection:
        accounts = await load_accounts(connection)
    await sender.start(accounts)
    try:
        # Of what was taken a receipt would still be waited for.
        message = TrialMessage(PHONE, "first", "测试", 2.0 if outcome.state == "sent" else 10.0)
        assert await queue_and_look(database, clock, message) == outcome
    finally:
        await sender.close()
    assert [(each.address, each.text) for each in first.given] == [(PHONE, "测试")]
    assert not second.given


async def test_without_an_app_it_waits_in_the_outbox(database: Database) -> None:
    message = TrialMessage(PHONE, "first", "测试", 0.0)
    assert await queue_and_look(database, SystemClock(), message) == Outcome("queued", "")
    async with database.read() as connection:
        assert await connection.scalar(select(outbox.c.bound)) is True


async def test_an_account_the_database_does_not_know_is_said(database: Database) -> None:
    message = TrialMessage(PHONE, "third", "测试", 0.0)
    assert await queue_and_look(database, SystemClock(), message) is None


def asked(**changed: Any) -> argparse.Namespace:
    usual = {"number": PHONE, "account": None, "text": "", "wait": 0.0}
    return argparse.Namespace(**usual | changed)


@pytest.mark.parametrize(
    ("accounts", "changed", "said"),
    [
        ((), {}, "docs/sms.md"),
        (("a", "b"), {}, "--account 写明短信账号：a、b"),
        (("a",), {"account": "b"}, "--account 写明短信账号：a"),
        (("a",), {"number": "张三"}, "这不是手机号"),
        (("a",), {"text": "长" * 501}, "太长"),
        (("a",), {}, "xiangyin migrate"),
    ],
)
def test_what_is_wrong_is_said_and_the_number_is_not(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    accounts: tuple[str, ...],
    changed: dict[str, Any],
    said: str,
) -> None:
    sms: dict[str, Any] = {name: {"channel": "sms"} for name in accounts}
    settings = Settings(var_dir=tmp_path, accounts=sms)
    assert send_test(settings, asked(**changed)) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert PHONE not in told.out + told.err
