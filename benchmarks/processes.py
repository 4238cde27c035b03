"""The processes a benchmark measures: bare aiohttp, the app, the bot, PostgreSQL, Valkey."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from benchmarks.wechat_requests import TOKEN
from tests.services.ports import free_port
from tests.services.process import die_with_parent

PROJECT = Path(__file__).resolve().parents[1]
BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"
READY_SECONDS = 90.0
POLL_SECONDS = 0.05


@contextmanager
def running(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """A child process (its pid), killed at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent(),
        )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


async def ready(url: str) -> None:
    """Wait until GET gives 200. Raises TimeoutError."""
    end = time.monotonic() + READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            if time.monotonic() > end:
                raise TimeoutError(url)
            await asyncio.sleep(POLL_SECONDS)


def app_environment(folder: Path, database_url: str, **more: str) -> dict[str, str]:
    """One WeChat account `town`, everything below `folder`."""
    account = "XIANGYIN_ACCOUNTS__TOWN__"
    return {
        "XIANGYIN_CONFIG": os.devnull,
        "XIANGYIN_VAR_DIR": str(folder),
        "XIANGYIN_DATABASE_URL": database_url,
        "XIANGYIN_REDIS_URL": "off",
        "XIANGYIN_LOG_LEVEL": "warning",
        f"{account}CHANNEL": "wechat",
        f"{account}TOKEN": TOKEN,
        f"{account}APP_ID": "wx0000000000000001",
        f"{account}APP_SECRET": "benchmark",
        f"{account}API_BASE_URL": "http://127.0.0.1:9",
        **more,
    }


def app_command() -> list[str]:
    return [sys.executable, "-m", "xiangyin", "app"]


def bot_command(port: int) -> list[str]:
    return [str(BOT_PYTHON), "-m", "bot", "serve", "--port", str(port)]


def resident_mib(pid: int) -> float:
    """Proportional set size: shared pages are counted once over all processes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no Pss for {pid}")


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used: what other programs on the machine do not blur."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


__all__ = [
    "app_command",
    "app_environment",
    "bot_command",
    "cpu_seconds",
    "free_port",
    "ready",
    "resident_mib",
    "running",
]
