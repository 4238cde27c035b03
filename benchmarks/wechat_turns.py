"""How long a citizen waits for the answer that rides back in the reply, at a fixed rate: the app
as one process, and as gateway and worker apart, with Valkey and without."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes, report
from benchmarks.load import Measured, open_loop
from benchmarks.wechat_requests import TEXT, text_requests
from tests.services.valkey import ValkeyProcess

RATE = 20  # turns per second
SECONDS = 15
WARM_UP_TURNS = 60
LEAST_CARRIED = 0.99


@dataclass(frozen=True)
class Way:
    """How the app runs."""

    name: str
    roles: tuple[str, ...]
    valkey: bool


WAYS = (
    Way("one process", ("all",), True),
    Way("gateway and worker", ("gateway", "worker"), True),
    Way("gateway and worker, no Valkey", ("gateway", "worker"), False),
)


async def measure() -> report.Part:
    """With the real bot."""
    rows: list[dict[str, report.Cell]] = []
    figures: dict[str, float] = {}
    targets: list[report.Target] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        valkey = ValkeyProcess()
        await asyncio.to_thread(valkey.start)
        stack.callback(valkey.stop)
        bot_port = processes.free_port()
        bot = processes.running(processes.bot_command(bot_port), {}, folder / "bot.log")
        stack.enter_context(bot)
        await processes.ready(f"http://127.0.0.1:{bot_port}/health")
        for number, way in enumerate(WAYS):
            own = folder / str(number)
            own.mkdir()
            measured = await _play(way, own, bot_port, valkey.url if way.valkey else "off")
            p50, p99 = (report.percentile(measured.latencies, each) * 1000 for each in (50, 99))
            carried = 1 - (measured.acknowledged + measured.refused) / len(measured.latencies)
            rows.append(
                {"app as": way.name, "turns/s": RATE, "p50 ms": p50, "p99 ms": p99}
                | {"answers in the reply": carried}
            )
            word = way.name.replace(", ", " ").replace(" ", "_").lower()
            figures |= {f"turn_p50_ms_{word}": p50, f"turn_p99_ms_{word}": p99}
            targets.append(
                report.Target(f"answers in the reply, {way.name}", carried, at_least=LEAST_CARRIED)
            )
    settings = {"turns/s": RATE, "seconds": SECONDS, "database": "SQLite"}
    return report.Part(rows, figures, targets, settings)


async def _play(way: Way, folder: Path, bot_port: int, redis_url: str) -> Measured:
    with ExitStack() as stack:
        ports = {role: processes.free_port() for role in way.roles}
        for role, port in ports.items():
            environment = processes.app_environment(
                folder,
                f"sqlite:///{folder / 'x.db'}",
                XIANGYIN_HTTP_PORT=str(port),
                XIANGYIN_ROLE=role,
                XIANGYIN_REDIS_URL=redis_url,
                XIANGYIN_BOT_URL=f"http://127.0.0.1:{bot_port}",
            )
            log = folder / f"{role}.log"
            stack.enter_context(processes.running(processes.app_command(), environment, log))
            await processes.ready(f"http://127.0.0.1:{port}/health")
        door = ports[way.roles[0]]
        await open_loop(door, _turns(door, "w", WARM_UP_TURNS), RATE / 2)
        return await open_loop(door, _turns(door, "m", RATE * SECONDS), RATE)


def _turns(port: int, mark: str, count: int) -> list[bytes]:
    """First messages of as many citizens."""
    messages = [(f"o-{mark}-{each}", f"{ord(mark)}{each:09}", TEXT) for each in range(count)]
    return text_requests(port, "town", messages)
