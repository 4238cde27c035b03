"""Accepts per second, each stored at full durability, against a handler that stores nothing.

One and two server processes, one client process; the app runs its gateway alone, so that nothing
but the way from socket to disk is measured. Rounds alternate and medians are compared; two
processes are compared with two bare ones, for they share the machine's cores with the client.
PostgreSQL is one that has run for a while: the files of its log are there and used again, where
one just started makes a new one, and everybody waits for that, every 16 MiB.
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
from benchmarks.load import closed_loops
from benchmarks.wechat_requests import TEXT, text_requests
from tests.services.postgres import PostgresServer, find_binaries

CONNECTIONS = 128
REQUESTS = 12_000
CITIZENS = 2_000
ROUNDS = 9
MOST_PROCESSES = 2
LEAST_SHARE = 0.4
BARE = "bare aiohttp"
LOG_MIB = 400  # more than all rounds write

Ports = dict[str, list[int]]


@asynccontextmanager
async def gateway(folder: Path, database_url: str) -> AsyncIterator[int]:
    """The port of one gateway process."""
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


@asynccontextmanager
async def servers(postgres: PostgresServer) -> AsyncIterator[Ports]:
    """`MOST_PROCESSES` of each kind; those of one database share it."""
    postgres_url = postgres.url(postgres.create_database())
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sqlite_url = f"sqlite:///{folder / 'x.db'}"
        ports: Ports = {BARE: [], "SQLite": [], "PostgreSQL": []}
        for number in range(MOST_PROCESSES):
            ports[BARE].append(await stack.enter_async_context(bare(folder)))
            for name, url in (("SQLite", sqlite_url), ("PostgreSQL", postgres_url)):
                own = folder / f"{name}{number}"
                own.mkdir()
                ports[name].append(await stack.enter_async_context(gateway(own, url)))
        yield ports


async def measure() -> report.Part:
    """Raises RuntimeError where PostgreSQL is not installed."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed (package postgresql)")
    postgres = PostgresServer(binaries, durable=True)
    await asyncio.to_thread(postgres.start)
    try:
        await asyncio.to_thread(_has_run, postgres)
        async with servers(postgres) as ports:
            return await _measure(ports)
    finally:
        postgres.stop()


def _has_run(postgres: PostgresServer) -> None:
    """Writes its log and checkpoints: from then on it uses these files again."""
    mebibyte = "repeat('0', 1 << 20)"
    postgres.execute(
        f"SELECT pg_logical_emit_message(false, '', {mebibyte}) FROM generate_series(1, {LOG_MIB})"
    )
    postgres.execute("CHECKPOINT")


async def _measure(ports: Ports) -> report.Part:
    ways = [(name, many) for many in range(1, MOST_PROCESSES + 1) for name in ports]
    rates: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    tails: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    refused = 0
    for round_ in range(ROUNDS + 1):
        for name, many in ways:
            messages = [
                (f"citizen-{each % CITIZENS}", f"{round_}{many}{each:09}", TEXT)
                for each in range(REQUESTS)
            ]
            requests = text_requests(ports[name][0], "town", messages)
            measured = await closed_loops(ports[name][:many], requests, CONNECTIONS)
            if round_ == 0:
                continue  # warm-up: imports, caches, the citizens' first messages
            refused += measured.refused
            rates[name, many].append(measured.per_second)
            tails[name, many].append(report.percentile(measured.latencies, 99) * 1000)
    medians = {way: statistics.median(found) for way, found in rates.items()}
    # Of each round its own share: what else the machine does changes from round to round.
    shares = {
        (name, many): statistics.median(
            one / limit for one, limit in zip(found, rates[BARE, many], strict=True)
        )
        for (name, many), found in rates.items()
    }
    rows = [
        {
            "stored in": name,
            "processes": many,
            "accepts/s": medians[name, many],
            "of bare": shares[name, many],
            "p99 ms": statistics.median(tails[name, many]),
        }
        for name, many in ways
    ]
    stored = [way for way in ways if way[0] != BARE]
    figures = {f"{_word(*way)}_per_second": medians[way] for way in ways}
    figures |= {f"{_word(*way)}_of_bare": shares[way] for way in stored}
    targets = [
        report.Target(
            f"{name}, {many} process(es), share of bare aiohttp",
            shares[name, many],
            at_least=LEAST_SHARE,
        )
        for name, many in stored
    ]
    targets.append(report.Target("requests refused", refused, at_most=0))
    settings = {"connections": CONNECTIONS, "requests": REQUESTS, "rounds": ROUNDS}
    return report.Part(rows, {**figures, "refused": refused}, targets, settings)


def _word(name: str, many: int) -> str:
    return f"{name.split()[0].lower()}_{many}"


async def main() -> int:
    part = await measure()
    return report.finish(
        "webhook", part.rows, part.targets, figures=part.figures, settings=part.settings
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
