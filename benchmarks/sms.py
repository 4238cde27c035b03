"""What CMPP and SMPP cost: codec and session of CMPP against a client that has neither, of SMPP
against other libraries; then messages out of the outbox and into the inbox of a running app, at
full durability, on SQLite.

Rounds alternate and medians are compared; the processor time of a SUBMIT stands beside them.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import func, select

from backend.clock import SystemClock
from backend.conversation.addresses import find_or_open, load_accounts
from backend.conversation.tables import message, outbox
from backend.database.engine import Database
from benchmarks import cmpp_clients, processes, report, smpp_clients
from benchmarks.cmpp_clients import SECRET, SOURCE_ADDR, TEXT, WINDOW, Spent
from benchmarks.cmpp_gateway import Gateway
from channels.sms.cmpp import Codec, Version
from channels.sms.cmpp.pdus import Deliver

SUBMITS = 8_000
ROUNDS = 7
MESSAGES = 3_000
CONNECTIONS = 2
ROLE_SECONDS = 120.0
POLL_SECONDS = 0.02
LEAST_SHARE = 0.60
LEAST_OUT, LEAST_IN = 1_500, 1_000


async def engine() -> list[dict[str, report.Cell]]:
    """Rows of the first part: the bare client, then ours."""
    port = processes.free_port()
    spent: dict[str, list[Spent]] = {"bare asyncio": [], "codec and session": []}
    command = [sys.executable, "-m", "benchmarks.cmpp_gateway", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.running(command, {}, Path(folder) / "gateway.log"),
    ):
        await _listening(port)
        for round_ in range(ROUNDS + 1):
            found = {
                "bare asyncio": await cmpp_clients.bare(port, SUBMITS),
                "codec and session": await cmpp_clients.ours(port, SUBMITS),
            }
            for name, each in found.items() if round_ else ():  # the first warms up
                spent[name].append(each)
    wall = {name: statistics.median(e.wall for e in each) for name, each in spent.items()}
    return [
        {
            "way": name,
            "SUBMITs/s": SUBMITS / wall[name],
            "of bare": wall["bare asyncio"] / wall[name],
            "µs of CPU": statistics.median(e.processor for e in found) / SUBMITS * 1e6,
        }
        for name, found in spent.items()
    ]


async def smpp() -> list[dict[str, report.Cell]]:
    """Rows of the SMPP libraries, ours first."""
    port = processes.free_port()
    clients = {
        "SMPP, ours": smpp_clients.ours,
        "smpp34 (Rust)": smpp_clients.rust,
        "aiosmpplib": smpp_clients.python,
    }
    spent: dict[str, list[smpp_clients.Spent]] = {name: [] for name in clients}
    command = [sys.executable, "-m", "benchmarks.smpp_gateway", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        processes.running(command, {}, Path(folder) / "gateway.log"),
    ):
        await _listening(port)
        for round_ in range(ROUNDS + 1):
            for name, client in clients.items():
                async with asyncio.timeout(ROLE_SECONDS):
                    found = await client(port, SUBMITS)
                if round_:  # the first warms up
                    spent[name].append(found)
    return [
        {
            "library": name,
            "submit_sm/s": SUBMITS / statistics.median(each.wall for each in found),
            "µs of CPU": statistics.median(each.processor for each in found) / SUBMITS * 1e6,
        }
        for name, found in spent.items()
    ]


def smpp_figures(rows: Sequence[dict[str, report.Cell]]) -> tuple[dict[str, float], float, float]:
    """Figures, our rate as a share of aiosmpplib's, our processor time as a share of smpp34's."""
    ours, rust, python = rows

    def value(row: dict[str, report.Cell], column: str) -> float:
        cell = row[column]
        assert isinstance(cell, float)
        return cell

    rates = [value(row, "submit_sm/s") for row in rows]
    names = ("smpp_per_second", "smpp34_per_second", "aiosmpplib_per_second")
    return (
        dict(zip(names, rates, strict=True)),
        rates[0] / value(python, "submit_sm/s"),
        value(ours, "µs of CPU") / value(rust, "µs of CPU"),
    )


async def _listening(port: int) -> None:
    async with asyncio.timeout(ROLE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(POLL_SECONDS)
            else:
                writer.close()
                return


@asynccontextmanager
async def app(gateway: Gateway) -> AsyncIterator[Database]:
    """An app with one CMPP account on `gateway`, and its database."""
    port, http = processes.free_port(), processes.free_port()
    server = await gateway.start(port)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        account = "XIANGYIN_ACCOUNTS__LINE__"
        environment = {
            "XIANGYIN_CONFIG": "/dev/null",
            "XIANGYIN_VAR_DIR": temporary,
            "XIANGYIN_REDIS_URL": "off",
            "XIANGYIN_LOG_LEVEL": "warning",
            "XIANGYIN_ROLE": "gateway",
            "XIANGYIN_HTTP_PORT": str(http),
            "XIANGYIN_OUTBOX_POLL_SECONDS": "0.05",
            f"{account}CHANNEL": "sms",
            f"{account}PROVIDER": "cmpp",
            f"{account}HOST": "127.0.0.1",
            f"{account}PORT": str(port),
            f"{account}SOURCE_ADDR": SOURCE_ADDR,
            f"{account}SECRET": SECRET,
            f"{account}SENDER": "1069000088",
            f"{account}CONNECTION_COUNT": str(CONNECTIONS),
        }
        with processes.running(processes.app_command(), environment, folder / "app.log"):
            await processes.ready(f"http://127.0.0.1:{http}/health")
            async with asyncio.timeout(ROLE_SECONDS):
                await gateway.connected(CONNECTIONS)
            database = Database(f"sqlite+aiosqlite:///{folder / 'xiangyin.db'}")
            try:
                yield database
            finally:
                await database.close()
    server.close()


async def out(gateway: Gateway, database: Database, round_: int) -> float:
    """Rows a second, from 'queued' to 'sent'."""
    await _queue(database, round_)
    began = time.perf_counter()
    async with asyncio.timeout(ROLE_SECONDS):
        while await _sent(database) < MESSAGES * (round_ + 1):  # noqa: ASYNC110 - SQL tells
            await asyncio.sleep(POLL_SECONDS)
    assert gateway.submitted == MESSAGES * (round_ + 1)
    return MESSAGES / (time.perf_counter() - began)


async def _queue(database: Database, round_: int) -> None:
    now = SystemClock().now()
    numbers = [f"139{round_:02}{each:06}" for each in range(MESSAGES)]
    async with database.write() as connection:
        account = (await load_accounts(connection))["line"]
        found = await find_or_open(connection, [(account, number) for number in numbers], now)
        rows = [
            {
                "dedupe_key": f"bench-{round_}-{number}",
                "account_id": account.id,
                "address_id": found[account.id, number].id,
                "citizen_id": found[account.id, number].citizen_id,
                "lane": "reply",
                "key": "bench",
                "text": TEXT,
                "state": "queued",
                "due_at": now,
                "created_at": now,
            }
            for number in numbers
        ]
        await connection.execute(outbox.insert(), rows)


async def _sent(database: Database) -> int:
    async with database.read() as connection:
        found = await connection.scalar(select(func.count()).where(outbox.c.state == "sent"))
    return int(found or 0)


async def into(gateway: Gateway, database: Database, round_: int) -> float:
    """Messages a second, each answered once it is stored."""
    codec = Codec(Version.V30)
    frames = [
        codec.encode(
            Deliver(
                msg_id=(round_ + 1) * MESSAGES + each,
                dest_id="1069000088",
                msg_fmt=8,
                src_terminal_id=f"138{round_:02}{each % 2_000:06}",
                content="锦绣小区3号楼下水道堵了一个月没人管".encode("utf-16-be"),
            ),
            each,
        )
        for each in range(MESSAGES)
    ]
    seconds = await gateway.deliver(frames, WINDOW)
    async with database.read() as connection:
        stored = await connection.scalar(select(func.count()).select_from(message))
    assert stored == MESSAGES * (round_ + 1)
    return MESSAGES / seconds


async def main() -> int:
    rows = await engine()
    smpp_rows = await smpp()
    smpp_told, of_python, of_rust = smpp_figures(smpp_rows)
    gateway = Gateway()
    rates: dict[str, list[float]] = {"out": [], "in": []}
    async with app(gateway) as database:
        for round_ in range(3):
            rates["out"].append(await out(gateway, database, round_))
            rates["in"].append(await into(gateway, database, round_))
    durable = {name: statistics.median(found) for name, found in rates.items()}
    print(report.table([{"way": n, "messages/s": rate} for n, rate in durable.items()]))
    share = _figure(rows, "of bare")
    figures = {
        "submits_per_second": _figure(rows, "SUBMITs/s"),
        "share_of_bare": share,
        "durable_out_per_second": durable["out"],
        "durable_in_per_second": durable["in"],
        **smpp_told,
    }
    targets = [
        report.Target("codec and session, share of bare asyncio", share, at_least=LEAST_SHARE),
        report.Target("durable messages out per second", durable["out"], at_least=LEAST_OUT),
        report.Target("durable messages in per second", durable["in"], at_least=LEAST_IN),
        report.Target("SMPP, rate as a share of aiosmpplib's", of_python, at_least=1.0),
        report.Target("SMPP, processor time as a share of smpp34's", of_rust, at_most=1.0),
    ]
    settings = {
        "window": WINDOW,
        "rounds": ROUNDS,
        "submits": SUBMITS,
        "messages": MESSAGES,
        "connections": CONNECTIONS,
        "database": "SQLite",
    }
    return report.finish("sms", [*rows, *smpp_rows], targets, figures=figures, settings=settings)


def _figure(rows: Sequence[dict[str, report.Cell]], column: str) -> float:
    """Of ours, the last row."""
    value = rows[-1][column]
    assert isinstance(value, float)
    return value


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
