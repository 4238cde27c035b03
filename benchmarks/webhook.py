"""Accepts per second, each stored at full durability, against a handler that stores nothing.

One server process, one client process; the app runs its gateway alone, so that nothing but the
way from socket to disk is measured. Rounds alternate and medians are compared.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks import processes, report
from benchmarks.load import closed_loop
from benchmarks.wechat_requests import TEXT, text_requests
from tests.services.postgres import PostgresServer, find_binaries

CONNECTIONS = 128
REQUESTS = 12_000
CITIZENS = 2_000
ROUNDS = 5


@asynccontextmanager
async def gateway(folder: Path, database_url: str) -> AsyncIterator[int]:
    port = processes.free_port()
    environment = processes.app_environment(
        folder,
        database_url,
        XIANGYIN_HTTP_PORT=str(port),
        XIANGYIN_ROLE="gateway",
        XIANGYIN_ACCOUNTS__TOWN__REPLY_WAIT_SECONDS="0",
    )
    with processes.running(processes.app_command(), environment, folder / "app.log"):
        await processes.ready(f"http://127.0.0.1:{port}/health")
        yield port


@asynccontextmanager
async def bare(folder: Path) -> AsyncIterator[int]:
    port = processes.free_port()
    command = [sys.executable, "-m", "benchmarks.bare_aiohttp", str(port)]
    with processes.running(command, {}, folder / "bare.log"):
        await processes.ready(f"http://127.0.0.1:{port}/health")
        yield port


async def main() -> int:
    rates: dict[str, list[float]] = {"bare aiohttp": [], "SQLite": [], "PostgreSQL": []}
    tails: dict[str, list[float]] = {name: [] for name in rates}
    refused = 0
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed (package postgresql)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("sqlite", "postgresql"):
            (folder / name).mkdir()
        postgres = PostgresServer(binaries, durable=True)
        await asyncio.to_thread(postgres.start)
        try:
            async with AsyncExitStack() as stack:
                ports = {
                    "bare aiohttp": await stack.enter_async_context(bare(folder)),
                    "SQLite": await stack.enter_async_context(
                        gateway(folder / "sqlite", f"sqlite:///{folder / 'x.db'}")
                    ),
                    "PostgreSQL": await stack.enter_async_context(
                        gateway(folder / "postgresql", postgres.url(postgres.create_database()))
                    ),
                }
                for round_ in range(ROUNDS + 1):
                    for name, port in ports.items():
                        messages = [
                            (f"citizen-{each % CITIZENS}", f"{round_}{each:09}", TEXT)
                            for each in range(REQUESTS)
                        ]
                        requests = text_requests(port, "town", messages)
                        measured = await closed_loop(port, requests, CONNECTIONS)
                        if round_ == 0:
                            continue  # warm-up: imports, caches, the citizens' first messages
                        refused += measured.refused
                        rates[name].append(measured.per_second)
                        tails[name].append(report.percentile(measured.latencies, 99))
        finally:
            postgres.stop()
    medians = {name: statistics.median(each) for name, each in rates.items()}
    limit = medians["bare aiohttp"]
    rows = [
        {
            "stored in": name,
            "accepts/s": medians[name],
            "of bare": medians[name] / limit,
            "p99 ms": statistics.median(tails[name]) * 1000,
        }
        for name in rates
    ]
    figures = {
        "bare_per_second": limit,
        "sqlite_per_second": medians["SQLite"],
        "postgresql_per_second": medians["PostgreSQL"],
        "sqlite_of_bare": medians["SQLite"] / limit,
        "postgresql_of_bare": medians["PostgreSQL"] / limit,
        "refused": refused,
    }
    targets = [
        report.Target("SQLite, share of bare aiohttp", figures["sqlite_of_bare"], at_least=0.35),
        report.Target(
            "PostgreSQL, share of bare aiohttp", figures["postgresql_of_bare"], at_least=0.30
        ),
        report.Target("requests refused", refused, at_most=0),
    ]
    settings = {"connections": CONNECTIONS, "requests": REQUESTS, "rounds": ROUNDS}
    return report.finish("webhook", rows, targets, figures=figures, settings=settings)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
