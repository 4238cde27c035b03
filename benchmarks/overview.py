"""The overview of the last 30 days, for ten officials of a county with 100,000 petitions of a
year: each opens it, reads for a moment, opens it again, one app process, nothing kept between."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from benchmarks import processes, report
from benchmarks.county import LOGINS, PASSWORD, make_county
from tests.services.postgres import PostgresServer, find_binaries

PETITIONS = 100_000
VIEWS = 30
READING_SECONDS = (1.0, 3.0)
MOST_MS = 500.0
PAGE = "/console/overview?days=30"
TIMEOUT = aiohttp.ClientTimeout(total=30)


async def main() -> int:
    binaries = find_binaries()
    if binaries is None:
        print("PostgreSQL is not installed (package postgresql)", file=sys.stderr)
        return 1
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        times["SQLite"] = await _measure(folder, f"sqlite+aiosqlite:///{folder / 'x.db'}")
        postgres = PostgresServer(binaries, durable=True)
        await asyncio.to_thread(postgres.start)
        try:
            url = postgres.url(postgres.create_database())
            times["PostgreSQL"] = await _measure(folder, url)
        finally:
            postgres.stop()
    rows: list[dict[str, report.Cell]] = [
        {"database": name, **{f"p{each} ms": report.percentile(found, each) for each in (50, 95)}}
        for name, found in times.items()
    ]
    p95 = {name: report.percentile(found, 95) for name, found in times.items()}
    targets = [report.Target(f"p95 on {name}, ms", p95[name], at_most=MOST_MS) for name in p95]
    figures = {f"p95_ms_{name.lower()}": value for name, value in p95.items()}
    settings = {
        "petitions": PETITIONS,
        "officials": len(LOGINS),
        "views": VIEWS,
        "reading_seconds": READING_SECONDS,
    }
    return report.finish("overview", rows, targets, figures=figures, settings=settings)


async def _measure(folder: Path, url: str) -> list[float]:
    """Milliseconds of every view."""
    await make_county(url, PETITIONS)
    port = processes.free_port()
    environment = processes.app_environment(
        folder, url, XIANGYIN_HTTP_PORT=str(port), XIANGYIN_ROLE="web"
    )
    with processes.running(processes.app_command(), environment, folder / "app.log"):
        base = f"http://127.0.0.1:{port}"
        await processes.ready(f"{base}/health")
        views = await asyncio.gather(*(_official(base, login) for login in LOGINS))
    return [each for found in views for each in found]


async def _official(base: str, login: str) -> list[float]:
    chance = random.Random(login)
    jar = aiohttp.CookieJar(unsafe=True)
    taken: list[float] = []
    async with aiohttp.ClientSession(base, cookie_jar=jar, timeout=TIMEOUT) as http:
        body = {"login": login, "password": PASSWORD}
        async with http.post("/api/v1/session", json=body) as answer:
            answer.raise_for_status()
        for view in range(VIEWS + 1):
            await asyncio.sleep(chance.uniform(*READING_SECONDS))
            before = time.perf_counter()
            async with http.get(PAGE) as answer:
                answer.raise_for_status()
                await answer.read()
            if view:  # the first one warms up
                taken.append((time.perf_counter() - before) * 1000)
    return taken


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
