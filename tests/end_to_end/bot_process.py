"""A bot of the present files, as a process of its own: trained if need be, stopped afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.nursery import BOT_PYTHON, PROJECT, Child, bot_nursery
from tests.services.ports import free_port
from tests.services.process import stop
from tests.services.required import require_service

TRAINING_SECONDS = 300
READY_SECONDS = 120.0


@contextmanager
def running_bot(folder: Path) -> Iterator[str]:
    """The URL of a bot that is ready; its log lies in `folder`."""
    require_service(BOT_PYTHON.exists(), "the bot is not installed")
    subprocess.run(
        [BOT_PYTHON, "-m", "bot", "train"],
        cwd=PROJECT, check=True, capture_output=True, timeout=TRAINING_SECONDS,
    )  # fmt: skip
    port = free_port()
    process = bot_nursery().spawn(
        "bot",
        "serve",
        "--port",
        str(port),
        environment=os.environ,
        log=folder / "bot.log",
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, folder / "bot.log")
        yield url
    finally:
        stop(process, sent=signal.SIGTERM)


def _wait_until_ready(url: str, process: Child, log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, f"the bot died: {log.read_text()[-3000:]}"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2.0):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"the bot was not ready within {READY_SECONDS:g} s")
