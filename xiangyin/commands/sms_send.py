"""`xiangyin sms send`: an operator's test message to a number, by an account of their choice, on
the way every message takes: the outbox of the running app."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from backend.clock import SystemClock
from backend.conversation import outbox
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.outbox import FINAL
from backend.conversation.tables import outbox as table
from backend.conversation.texts import Reply, Texts
from backend.database.engine import Database
from backend.petitions.masking import mask_phone
from backend.ports import Clock
from channels.sms.numbers import NotANumber, normalise
from xiangyin.commands.failure import DATABASE_ERRORS, database_reason, failed
from xiangyin.loading import load_settings
from xiangyin.settings import Settings
from xiangyin.wiring import DATA

TEST_KEY = "operator_test"
LOOK_EVERY_SECONDS = 0.25
LONGEST_TEXT = 500
ENDED = (*FINAL, "unknown", "kept")
TOLD = {
    "queued": "还没有发：程序没有运行，或这个账号现在发不出去",
    "sending": "正在发，还没有结果",
    "sent": "网关收下了，还没有送达的回执",
    "delivered": "已送达",
    "failed": "没有发成",
    "unknown": "交给网关后没有回音，发没发出不清楚",
    "kept": "这个账号现在没有路可走",
    "noticed": "已发模板短信",
}
GOOD = ("sent", "delivered", "noticed")


@dataclass(frozen=True, slots=True)
class TrialMessage:
    """What to send to whom, by which account, and how long to look for the outcome."""

    number: str
    account: str
    text: str
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: of the outbox, or noticed; `error`: the provider's or our own words."""

    state: str
    error: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="号码", help="收短信的手机号")
    parser.add_argument("--account", help="用哪个短信账号；只有一个时不用写")
    parser.add_argument("--text", default="", help="发什么话，不写就是一句测试的话")
    parser.add_argument("--wait", type=float, default=30.0, metavar="秒", help="最多等多久的结果")
    parser.set_defaults(execute=lambda args: send_test(load_settings(), args))


def send_test(settings: Settings, args: argparse.Namespace) -> int:
    """Queue it, look what becomes of it, say so; exit code 1 where it did not leave."""
    names = sorted(name for name, each in settings.accounts.items() if each.channel == "sms")
    if not names:
        return failed("没有短信账号，怎么接见 docs/sms.md")
    account = args.account or (names[0] if len(names) == 1 else "")
    if account not in names:
        return failed(f"用 --account 写明短信账号：{'、'.join(names)}")
    try:
        number = normalise(args.number)
    except NotANumber:
        return failed("这不是手机号")
    if len(args.text) > LONGEST_TEXT:
        return failed(f"太长：最多 {LONGEST_TEXT} 字")
    text = args.text.strip() or _usual_text()
    message = TrialMessage(number, account, text, max(args.wait, 0.0))
    try:
        outcome = asyncio.run(_run(settings, message))
    except DATABASE_ERRORS as error:
        return failed(
            f"数据库用不了：{database_reason(error)}\n若还没有建立，先运行 xiangyin migrate"
        )
    if outcome is None:
        return failed(f"数据库里还没有账号 {account}，先运行 xiangyin run")
    why = f"（{outcome.error}）" if outcome.error else ""
    print(f"{account} → {mask_phone(number)}：{TOLD[outcome.state]}{why}")
    return 0 if outcome.state in GOOD else 1


def _usual_text() -> str:
    return Texts.load(DATA / "texts" / "replies.yml").render([Reply(TEST_KEY)], "sms")


async def _run(settings: Settings, message: TrialMessage) -> Outcome | None:
    database = Database(settings.database_url)
    try:
        return await queue_and_look(database, SystemClock(), message)
    finally:
        await database.close()


async def queue_and_look(database: Database, clock: Clock, message: TrialMessage) -> Outcome | None:
    """What has become of it by the time waited for. None: the database has no such account."""
    queued = await _queue(database, clock, message)
    if queued is None:
        return None
    waited = 0.0
    while True:
        found = await _outcome(database, queued)
        if found.state in ENDED or found.state == "noticed" or waited >= message.wait_seconds:
            return found
        await clock.sleep(LOOK_EVERY_SECONDS)
        waited += LOOK_EVERY_SECONDS


async def _queue(database: Database, clock: Clock, message: TrialMessage) -> int | None:
    """Bound: no other account of a pool sends it, for it is this one that is tried."""
    now = clock.now()
    async with database.write() as connection:
        account = (await load_accounts(connection)).get(message.account)
        if account is None:
            return None
        found = await find_or_open(connection, [(account, message.number)], now)
        person = found[account.id, message.number]
        return await outbox.queue(
            connection,
            dedupe_key=f"{TEST_KEY}:{secrets.token_hex(8)}",
            text=message.text,
            due_at=now,
            account_id=account.id,
            address_id=person.id,
            citizen_id=person.citizen_id,
            lane="reply",
            key=TEST_KEY,
            created_at=now,
            bound=True,
        )


async def _outcome(database: Database, outbox_id: int) -> Outcome:
    async with database.read() as connection:
        found = await connection.execute(
            select(table.c.state, table.c.error).where(table.c.id == outbox_id)
        )
        state, error = found.one()
    # Kept without a fault: a template went out that does not say all of it.
    return Outcome("noticed" if state == "kept" and not error else state, error or "")
