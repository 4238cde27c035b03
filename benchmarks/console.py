"""The console with 100,000 petitions and ten officials.

Queue, search, one petition and the hot list over HTTP, on SQLite and on PostgreSQL; meanwhile a
petition changes every second, so that no count is served from memory for long. First the officials
look at each page for a moment before they open the next (`at work`: what the target is about), then
they ask as fast as they are answered (`no pause`: what the machine can do at most, load generator
included).
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from yarl import URL

from backend.database.engine import Database
from backend.petitions.tables import petition_event
from benchmarks import processes, report
from benchmarks.full_county import OFFICIALS, PASSWORD, FullCounty, fill
from benchmarks.load import closed_loop
from tests.services.postgres import PostgresServer, find_binaries

PETITIONS = 100_000
REQUESTS = 400
READING_SECONDS = (0.5, 1.5)
MOST_MS = {"queue": 150.0, "search": 150.0, "petition": 150.0, "hot list": 500.0}
AT_WORK, NO_PAUSE = "at work", "no pause"
QUEUES: tuple[dict[str, str], ...] = (
    {},
    {"state": "received"},
    {"state": "working"},
    {"state": "over"},
    {"state": "all"},
    {"due": "overdue"},
    {"kind": "complaint"},
    {"domain": "sanitation"},
    {"place": "990101102"},
)
HOT_LISTS: tuple[dict[str, str], ...] = (
    {},
    {"order": "rising"},
    {"days": "7"},
    {"days": "90"},
    {"days": "90", "order": "rising"},
    {"place": "990101102"},
)
SEARCHES = (
    "垃圾",
    "路灯",
    "锦绣",
    "下水道",
    "低保",
    "没人管",
    "柳河街 医保",
    "20261",
    "1380",
    "李家湾",
)


async def main() -> int:
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed (package postgresql)", file=sys.stderr)
        return 1
    rows: list[dict[str, report.Cell]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows += await _measure("SQLite", folder, f"sqlite+aiosqlite:///{folder / 'x.db'}")
        postgres = PostgresServer(binaries, durable=True)
        await asyncio.to_thread(postgres.start)
        try:
            url = postgres.url(postgres.create_database())
            rows += await _measure("PostgreSQL", folder, url)
        finally:
            postgres.stop()
    targets = [
        report.Target(f"{row['database']}, {row['page']}, p95 ms", float(row["p95 ms"] or 0),
                      at_most=MOST_MS[str(row["page"])])
        for row in rows
        if row["officials"] == AT_WORK
    ]  # fmt: skip
    refused = sum(int(row["refused"] or 0) for row in rows)
    targets.append(report.Target("requests refused", refused, at_most=0))
    settings = {
        "petitions": PETITIONS,
        "officials": len(OFFICIALS),
        "requests": REQUESTS,
        "reading_seconds": READING_SECONDS,
    }
    return report.finish("console", rows, targets, settings=settings)


async def _measure(name: str, folder: Path, url: str) -> list[dict[str, report.Cell]]:
    database = Database(url)
    county = await fill(database, PETITIONS)
    port = processes.free_port()
    environment = processes.app_environment(
        folder, url, XIANGYIN_HTTP_PORT=str(port), XIANGYIN_ROLE="web"
    )
    rows: list[dict[str, report.Cell]] = []
    with processes.running(processes.app_command(), environment, folder / "app.log"):
        await processes.ready(f"http://127.0.0.1:{port}/health")
        cookies = [await _log_in(port, login) for login in OFFICIALS]
        changing = asyncio.create_task(_changes(database))
        for page, paths in _pages(county).items():
            # Ten pages of one petition at a time, by the official who sees every one.
            asking = cookies[:1] if page == "petition" else cookies
            requests = [
                _request(port, path, asking[each % len(asking)]) for each, path in enumerate(paths)
            ]
            await closed_loop(port, requests[: len(requests) // 10], len(cookies))
            for officials, pause in ((AT_WORK, _reading(random.Random(7))), (NO_PAUSE, None)):
                measured = await closed_loop(port, requests, len(cookies), pause)
                rows.append(
                    {
                        "database": name,
                        "page": page,
                        "officials": officials,
                        "p50 ms": report.percentile(measured.latencies, 50) * 1000,
                        "p95 ms": report.percentile(measured.latencies, 95) * 1000,
                        "per second": measured.per_second,
                        "refused": measured.refused,
                    }
                )
        changing.cancel()
        with suppress(asyncio.CancelledError):  # any other end of it is the benchmark's failure
            await changing
    await database.close()
    return rows


def _reading(chance: random.Random) -> Callable[[], float]:
    return lambda: chance.uniform(*READING_SECONDS)


def _pages(county: FullCounty) -> dict[str, Sequence[str]]:
    chance = random.Random(7)
    return {
        "queue": [_url("/console/", chance.choice(QUEUES)) for _ in range(REQUESTS)],
        "search": [
            _url(
                "/console/", {"q": chance.choice(SEARCHES), "state": chance.choice(["open", "all"])}
            )
            for _ in range(REQUESTS)
        ],
        "petition": [
            f"/console/petitions/{chance.choice(county.numbers)}" for _ in range(REQUESTS)
        ],
        "hot list": [_url("/console/hot", chance.choice(HOT_LISTS)) for _ in range(REQUESTS)],
    }


def _url(path: str, query: dict[str, str]) -> str:
    return str(URL(path).with_query(query))


def _request(port: int, path: str, cookie: str) -> bytes:
    return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n").encode()


async def _log_in(port: int, login: str) -> str:
    body = {"login": login, "password": PASSWORD}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        url = f"http://127.0.0.1:{port}/api/v1/session"
        async with http.post(url, json=body) as answer:
            answer.raise_for_status()
            return "; ".join(f"{key}={one.value}" for key, one in answer.cookies.items())


async def _changes(database: Database) -> None:
    """An event of a petition every second."""
    while True:
        async with database.write() as connection:
            await connection.execute(
                petition_event.insert().values(
                    petition_id=1, at=datetime.now(UTC), type="note", actor="official"
                )
            )
        await asyncio.sleep(1)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
