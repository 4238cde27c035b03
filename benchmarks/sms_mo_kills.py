"""100,000 messages from citizens by CMPP while the process that receives them is killed (-9) ten
times, at full durability on SQLite: none lost, none doubled."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from tests.durability.mo_kills import play

MESSAGES, KILLS = 100_000, 10
SECONDS = 3600.0


async def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = f"sqlite+aiosqlite:///{folder / 'xiangyin.db'}"
        played = await play(MESSAGES, KILLS, url, folder, seconds=SECONDS)
    row: dict[str, report.Cell] = {
        "messages": played.messages,
        "kills": played.kills,
        "delivered again": played.delivered - played.messages,
        "lost": played.lost,
        "doubled": played.doubled,
        "seconds": played.seconds,
    }
    figures = {
        "lost": played.lost,
        "doubled": played.doubled,
        "refused": played.refused,
        "seconds": played.seconds,
    }
    targets = [
        report.Target("messages lost", played.lost, at_most=0),
        report.Target("messages doubled", played.doubled, at_most=0),
        report.Target("messages refused", played.refused, at_most=0),
        report.Target("times killed", played.kills, at_least=KILLS),
    ]
    settings = {"database": "SQLite", "connections": 2, "window": 16}
    return report.finish("sms_mo_kills", [row], targets, figures=figures, settings=settings)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
