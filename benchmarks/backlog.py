"""500 messages of one citizen that all wait: how long until the last is handled, in order.

`fragments`: sentences that are read together; `answers`: short answers, each a turn of its own.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from backend.conversation.tables import message, turn
from backend.database.engine import Database
from benchmarks import processes, report
from benchmarks.load import closed_loop
from benchmarks.wechat_requests import text_requests

MESSAGES = 500
MOST_SECONDS = 10.0
POLL_SECONDS = 0.02
TEXTS = {"fragments": "第{0}件事是路灯坏了没人修", "answers": "1"}


async def main() -> int:
    rows: list[dict[str, report.Cell]] = []
    figures: dict[str, float] = {}
    for name, text in TEXTS.items():
        with tempfile.TemporaryDirectory() as temporary:
            seconds, turns, in_order = await _handle(Path(temporary), text)
        rows.append({"messages": name, "seconds": seconds, "turns": turns, "in order": in_order})
        figures[f"{name}_seconds"] = seconds
    targets = [
        report.Target(
            f"{MESSAGES} {name}, seconds", figures[f"{name}_seconds"], at_most=MOST_SECONDS
        )
        for name in TEXTS
    ]
    return report.finish("backlog", rows, targets, figures=figures)


async def _handle(folder: Path, text: str) -> tuple[float, int, int]:
    url = f"sqlite:///{folder / 'x.db'}"
    bot_port, port = processes.free_port(), processes.free_port()
    environment = processes.app_environment(
        folder,
        url,
        XIANGYIN_HTTP_PORT=str(port),
        XIANGYIN_BOT_URL=f"http://127.0.0.1:{bot_port}",
        XIANGYIN_ACCOUNTS__TOWN__REPLY_WAIT_SECONDS="0",
    )
    with processes.running(processes.bot_command(bot_port), {}, folder / "bot.log"):
        await processes.ready(f"http://127.0.0.1:{bot_port}/health")
        gateway = {**environment, "XIANGYIN_ROLE": "gateway"}
        with processes.running(processes.app_command(), gateway, folder / "gateway.log"):
            await processes.ready(f"http://127.0.0.1:{port}/health")
            waiting = [("o-citizen", f"{each:09}", text.format(each)) for each in range(MESSAGES)]
            await closed_loop(port, text_requests(port, "town", waiting), 1)
        worker = {**environment, "XIANGYIN_ROLE": "worker"}
        database = Database(f"sqlite+aiosqlite:///{folder / 'x.db'}")
        with processes.running(processes.app_command(), worker, folder / "worker.log"):
            await _until(database, 1)
            began = time.perf_counter()
            await _until(database, MESSAGES)
            seconds = time.perf_counter() - began
        async with database.read() as connection:
            read = [
                message_id
                for row in await connection.execute(select(turn.c.message_ids).order_by(turn.c.seq))
                for message_id in row.message_ids
            ]
            turns = (await connection.execute(select(func.count(turn.c.id)))).scalar_one()
        await database.close()
    return seconds, int(turns), int(read == sorted(read) and len(read) == MESSAGES)


async def _until(database: Database, handled: int) -> None:
    while True:
        async with database.read() as connection:
            query = select(func.count(message.c.id)).where(message.c.handled_at.is_not(None))
            if (await connection.execute(query)).scalar_one() >= handled:
                return
        await asyncio.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
