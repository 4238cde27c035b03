"""Customer-service messages per second of one process: out of the durable outbox, claimed, sent to
the fake platform (a process of its own, 20 ms for each call), and the outcome recorded."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from backend.clock import SystemClock
from backend.conversation import outbox as rules
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.tables import message, outbox
from backend.database.engine import Database
from backend.database.migrate import migrate
from backend.organisation.accounts import ensure_accounts
from backend.organisation.tables import org
from benchmarks import processes, report
from benchmarks.fake_wechat import follower
from tests.services.postgres import PostgresServer, find_binaries

LATENCY_SECONDS = 0.02
PUSHES = 8_000
WARM_UP = 1_000
LEAST_PER_SECOND = 500
POLL_SECONDS = 0.1
MOST_SECONDS = 120.0
ASKED = "下水道通了没有"
TEXT = "您反映的下水道堵塞一事，城关镇已派人疏通完毕，请您看看是否通了。"


async def measure() -> report.Part:
    """Raises RuntimeError where PostgreSQL is not installed, TimeoutError where it takes too
    long."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed (package postgresql)")
    rows: list[dict[str, report.Cell]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = processes.free_port()
        command = [sys.executable, "-m", "benchmarks.fake_wechat"]
        command += [str(port), str(LATENCY_SECONDS), str(PUSHES)]
        stack.enter_context(processes.running(command, {}, folder / "wechat.log"))
        postgres = PostgresServer(binaries, durable=True)
        await asyncio.to_thread(postgres.start)
        stack.callback(postgres.stop)
        urls = {
            "SQLite": f"sqlite+aiosqlite:///{folder / 'x.db'}",
            "PostgreSQL": postgres.url(postgres.create_database()),
        }
        for name, url in urls.items():
            own = folder / name
            own.mkdir()
            per_second, cpu = await _push_all(own, url, port)
            rows.append({"outbox in": name, "pushes/s": per_second, "app's CPU ms a push": cpu})
    found = {str(row["outbox in"]): float(str(row["pushes/s"])) for row in rows}
    figures = {f"pushes_{name.lower()}_per_second": rate for name, rate in found.items()}
    targets = [
        report.Target(f"pushes/s of one process, {name}", rate, at_least=LEAST_PER_SECOND)
        for name, rate in found.items()
    ]
    settings = {"latency ms": LATENCY_SECONDS * 1000, "pushes": PUSHES}
    return report.Part(rows, figures, targets, settings)


async def _push_all(folder: Path, database_url: str, platform_port: int) -> tuple[float, float]:
    """(pushes per second, milliseconds of the app's processor for each)."""
    database = Database(database_url)
    try:
        await _fill(database)
        environment = processes.app_environment(
            folder,
            database_url,
            XIANGYIN_HTTP_PORT=str(processes.free_port()),
            XIANGYIN_ROLE="gateway",
            XIANGYIN_ACCOUNTS__TOWN__API_BASE_URL=f"http://127.0.0.1:{platform_port}",
        )
        command = processes.app_command()
        with processes.running(command, environment, folder / "app.log") as app:
            await _until_sent(database, WARM_UP)
            before, began, cpu = await _sent(database), time.perf_counter(), _cpu(app)
            await _until_sent(database, PUSHES)
            seconds = time.perf_counter() - began
            pushed = PUSHES - before
            return pushed / seconds, (_cpu(app) - cpu) / pushed * 1000
    finally:
        await database.close()


_cpu = processes.cpu_seconds


async def _fill(database: Database) -> None:
    """One answer that is due for each of `PUSHES` citizens, who wrote just now."""
    await migrate(database)
    now = SystemClock().now()
    async with database.write() as connection:
        await connection.execute(
            org.insert().values(
                code="qinghe", name="青禾县", type="county", path="/1/", active=True
            )
        )
        await ensure_accounts(connection, [("town", "wechat", "qinghe")])
        town = (await load_accounts(connection))["town"]
        names = [follower(number) for number in range(PUSHES)]
        found = await find_or_open(connection, [(town, name) for name in names], now)
        await connection.execute(
            message.insert(),
            [
                {
                    "account_id": town.id,
                    "external_id": name,
                    "address_id": found[town.id, name].id,
                    "citizen_id": found[town.id, name].citizen_id,
                    "kind": "text",
                    "text": ASKED,
                    "received_at": now,
                    "handled_at": now,
                }
                for name in names
            ],
        )
        for name in names:
            who = found[town.id, name]
            await rules.queue(
                connection,
                dedupe_key=f"benchmark:{name}",
                text=TEXT,
                due_at=now,
                account_id=town.id,
                address_id=who.id,
                citizen_id=who.citizen_id,
                lane="reply",
                key="benchmark",
                created_at=now,
            )


async def _sent(database: Database) -> int:
    async with database.read() as connection:
        found = await connection.scalar(
            select(func.count()).select_from(outbox).where(outbox.c.state == "sent")
        )
    return int(found or 0)


async def _until_sent(database: Database, count: int) -> None:
    async with asyncio.timeout(MOST_SECONDS):
        while True:
            if await _sent(database) >= count:
                return
            await asyncio.sleep(POLL_SECONDS)
