"""`xiangyin run`, the whole of it: ready, healed, stopped, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.services.process import wait_until
from tests.services.required import require_service
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL

READY_SECONDS = 120  # on a machine that runs other tests beside


class Running:
    """The command as a process, its output in a file."""

    def __init__(self, folder: Path, port: int, output: IO[bytes]) -> None:
        self.output = Path(output.name)
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("XIANGYIN_")
            },
            "XIANGYIN_CONFIG": str(folder / "settings.toml"),
            "XIANGYIN_VAR_DIR": str(folder / "var"),
            "XIANGYIN_HTTP_PORT": str(port),
            "XIANGYIN_SIMULATOR": "true",
        }
        (folder / "settings.toml").touch()
        self.process = subprocess.Popen(
            self.command("run"), cwd=PROJECT, env=self.environment, stdout=output, stderr=output
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "xiangyin", *arguments]

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), cwd=PROJECT, env=self.environment, text=True,
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip

    def said(self, words: str) -> bool:
        if self.process.poll() is not None and words not in self.output.read_text():
            raise RuntimeError(f"it ended: {self.output.read_text()[-3000:]}")
        return words in self.output.read_text()

    def children(self) -> dict[str, int]:
        """What the supervisor runs: command line → pid."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
                line = (status.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid:
                found[line] = int(status.parent.name)
        return found

    def child(self, part: str) -> int:
        return next((pid for line, pid in self.children().items() if part in line), 0)


@pytest.fixture
def running(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Running]:
    trained = TRIAGE_MODEL.exists() and any((PROJECT / "bot" / "models").glob("*.tar.gz"))
    require_service(BOT_PYTHON.exists() and trained, "the bot is not installed and trained")
    with (tmp_path / "output").open("wb") as output:
        started = Running(tmp_path, free_port(), output)
        try:
            wait_until(
                lambda: started.said("乡音已就绪"), seconds=READY_SECONDS, what="xiangyin run"
            )
            yield started
        finally:
            started.process.kill()
            started.process.wait()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_run_heals_answers_the_doctor_and_stops_clean(running: Running) -> None:
    assert "一次性口令" in running.output.read_text()
    assert "/simulator" in running.output.read_text()
    assert len(running.children()) == 3

    doctor = running.ask("doctor")
    assert doctor.returncode == 0, doctor.stdout
    assert "渠道 simulator-sms" in doctor.stdout

    second = running.ask("run")
    assert second.returncode == 1
    assert "已经在" in second.stderr

    for part in ("valkey", "bot serve"):
        first = running.child(part)
        os.kill(first, signal.SIGKILL)
        wait_until(
            lambda part=part, first=first: running.child(part) not in (0, first),  # type: ignore[misc]
            seconds=30,
            what=f"{part} again",
        )

    pids = list(running.children().values())
    before = time.monotonic()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(15) == 0
    assert time.monotonic() - before <= 10
    assert not any(map(alive, pids))
    assert not list((running.output.parent / "var" / "run").glob("*.sock"))


def test_run_killed_leaves_nothing(running: Running) -> None:
    pids = list(running.children().values())
    assert len(pids) == 3
    running.process.kill()
    running.process.wait()
    wait_until(lambda: not any(map(alive, pids)), seconds=5, what="the children's end")
