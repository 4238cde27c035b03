"""A whole WeChat turn, webhook in to answer in the response, for citizens who write for the first
time, at a fixed rate; and the memory of all processes afterwards."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import processes, report
from benchmarks.load import Measured, open_loop
from benchmarks.wechat_requests import TEXT, text_requests
from tests.services.valkey import ValkeyProcess

RATES = {20: 60.0, 50: 120.0}  # turns per second: p95 in milliseconds
SECONDS = 20
WARM_UP_TURNS = 60
MOST_MEMORY_MIB = 1024


async def main() -> int:
    rows: list[dict[str, report.Cell]] = []
    figures: dict[str, float] = {}
    targets: list[report.Target] = []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        valkey = ValkeyProcess()
        await asyncio.to_thread(valkey.start)
        stack.callback(valkey.stop)
        bot_port, port = processes.free_port(), processes.free_port()
        environment = processes.app_environment(
            folder,
            f"sqlite:///{folder / 'x.db'}",
            XIANGYIN_HTTP_PORT=str(port),
            XIANGYIN_REDIS_URL=valkey.url,
            XIANGYIN_BOT_URL=f"http://127.0.0.1:{bot_port}",
        )
        pids = {
            "bot": stack.enter_context(
                processes.running(processes.bot_command(bot_port), {}, folder / "bot.log")
            ),
            "app": stack.enter_context(
                processes.running(processes.app_command(), environment, folder / "app.log")
            ),
        }
        assert valkey.process is not None
        pids["valkey"] = valkey.process.pid
        await processes.ready(f"http://127.0.0.1:{bot_port}/health")
        await processes.ready(f"http://127.0.0.1:{port}/health")
        await _play(port, "w", WARM_UP_TURNS, 10)
        for rate, most in RATES.items():
            measured = await _play(port, str(rate), rate * SECONDS, rate)
            p50, p95 = (report.percentile(measured.latencies, each) * 1000 for each in (50, 95))
            rows.append(
                {"turns/s": rate, "p50 ms": p50, "p95 ms": p95, "refused": measured.refused}
            )
            figures |= {f"p50_ms_at_{rate}": p50, f"p95_ms_at_{rate}": p95}
            targets += [
                report.Target(f"p95 at {rate}/s, ms", p95, at_most=most),
                report.Target(f"refused at {rate}/s", measured.refused, at_most=0),
            ]
        memory = {name: processes.resident_mib(pid) for name, pid in pids.items()}
    figures |= {f"{name}_mib": size for name, size in memory.items()}
    figures["memory_mib"] = sum(memory.values())
    targets.append(
        report.Target(
            "memory of all processes, MiB", figures["memory_mib"], at_most=MOST_MEMORY_MIB
        )
    )
    print(", ".join(f"{name} {size:.0f} MiB" for name, size in memory.items()))
    return report.finish(
        "turn", rows, targets, figures=figures, settings={"seconds": SECONDS, "database": "SQLite"}
    )


async def _play(port: int, mark: str, turns: int, rate: float) -> Measured:
    messages = [
        (f"citizen-{mark}-{each}", f"{ord(mark[0])}{rate:04.0f}{each:07}", TEXT)
        for each in range(turns)
    ]
    return await open_loop(port, text_requests(port, "town", messages), rate)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
