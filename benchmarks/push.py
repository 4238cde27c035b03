"""What a survey pushed to 20,000 people costs everyone else: the same turns as in `turn.py`, with
the push going on and with it paused, in turns of one run."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from sqlalchemy import func, select, update

from backend.clock import SystemClock
from backend.conversation.tables import outbox
from backend.database.engine import Database
from backend.surveys.tables import survey, survey_recipient
from benchmarks import processes, report
from benchmarks.load import Measured, open_loop
from benchmarks.wechat_requests import TEXT, text_requests
from channels.wechat.testing import FakePlatform
from tests.services.valkey import ValkeyProcess
from tests.surveys.opened import open_survey

PEOPLE = 20_000
RATE = 20  # turns per second
SECONDS = 20
ROUNDS = 3
WARM_UP_TURNS = 60
# What was under way when the push was paused has left by then.
DRAIN_SECONDS = 5
MOST_RATIO = 1.3
LEAST_PUSHES = 15  # per second, of the 20 an account has by default


class Push:
    """A survey for `PEOPLE`, paused and taken up again as its owner would."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, platform: FakePlatform) -> None:
        names = [f"o-resident-{number:05}" for number in range(PEOPLE)]
        for name in names:
            platform.follow(name)
        await open_survey(self._database, "town", names, SystemClock().now(), wrote=True)
        await self.go_on(False)

    async def go_on(self, on: bool) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(survey).values(state="open" if on else "paused"))

    async def sent(self) -> int:
        async with self._database.read() as connection:
            number = await connection.scalar(
                select(func.count()).where(outbox.c.lane == "push", outbox.c.state == "sent")
            )
        return int(number or 0)

    async def waiting(self) -> int:
        async with self._database.read() as connection:
            number = await connection.scalar(
                select(func.count()).where(survey_recipient.c.state == "waiting")
            )
        return int(number or 0)


async def main() -> int:
    load_before = os.getloadavg()[0]
    rows: list[dict[str, report.Cell]] = []
    ratios, rates = [], []
    platform = FakePlatform()
    await platform.start()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        valkey = ValkeyProcess()
        await asyncio.to_thread(valkey.start)
        stack.callback(valkey.stop)
        bot_port, port = processes.free_port(), processes.free_port()
        url = f"sqlite:///{folder / 'x.db'}"
        environment = processes.app_environment(
            folder,
            url,
            XIANGYIN_HTTP_PORT=str(port),
            XIANGYIN_REDIS_URL=valkey.url,
            XIANGYIN_BOT_URL=f"http://127.0.0.1:{bot_port}",
            XIANGYIN_ACCOUNTS__TOWN__API_BASE_URL=platform.base_url,
            XIANGYIN_ACCOUNTS__TOWN__APP_SECRET=platform.app_secret,
            # At any hour of the day.
            XIANGYIN_QUIET_FROM="00:00",
            XIANGYIN_QUIET_UNTIL="00:00",
        )
        stack.enter_context(
            processes.running(processes.bot_command(bot_port), {}, folder / "bot.log")
        )
        app = stack.enter_context(
            processes.running(processes.app_command(), environment, folder / "app.log")
        )
        await processes.ready(f"http://127.0.0.1:{bot_port}/health")
        await processes.ready(f"http://127.0.0.1:{port}/health")
        database = Database(f"sqlite+aiosqlite:///{folder / 'x.db'}")
        push = Push(database)
        await push.open(platform)
        await _play(port, "w", WARM_UP_TURNS, 10)
        for number in range(ROUNDS):
            spent = [processes.cpu_seconds(app)]
            alone = report.percentile((await _play(port, f"a{number}")).latencies, 95) * 1000
            spent.append(processes.cpu_seconds(app))
            await push.go_on(True)
            await asyncio.sleep(2)
            before = await push.sent()
            spent.append(processes.cpu_seconds(app))
            measured = await _play(port, f"p{number}")
            rates.append((await push.sent() - before) / measured.seconds)
            spent.append(processes.cpu_seconds(app))
            during = report.percentile(measured.latencies, 95) * 1000
            assert await push.waiting(), "the push was over before the round was"
            await push.go_on(False)
            await asyncio.sleep(DRAIN_SECONDS)
            ratios.append(during / alone)
            rows.append(
                {
                    "round": number + 1,
                    "p95 alone ms": alone,
                    "p95 during ms": during,
                    "ratio": ratios[-1],
                    "pushes/s": rates[-1],
                    "app's CPU alone s": spent[1] - spent[0],
                    "during s": spent[3] - spent[2],
                    "refused": measured.refused,
                }
            )
        await database.close()
    await platform.stop()
    figures = {
        "ratio": median(ratios),
        "pushes_per_second": median(rates),
        "load_before": load_before,
    }
    targets = [
        report.Target("p95 during a push ÷ alone (median)", median(ratios), at_most=MOST_RATIO),
        report.Target("pushes per second", median(rates), at_least=LEAST_PUSHES),
    ]
    settings = {"seconds": SECONDS, "turns/s": RATE, "recipients": PEOPLE, "database": "SQLite"}
    return report.finish("push", rows, targets, figures=figures, settings=settings)


async def _play(port: int, mark: str, turns: int = RATE * SECONDS, rate: int = RATE) -> Measured:
    code = "".join(str(ord(character) % 10) for character in mark)
    messages = [(f"o-citizen-{mark}-{each:05}", f"9{code}{each:07}", TEXT) for each in range(turns)]
    return await open_loop(port, text_requests(port, "town", messages), rate)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
