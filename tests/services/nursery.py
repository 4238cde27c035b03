"""Programs that begin with their imports done.

A test that kills a program dozens of times would spend most of its time on imports. A nursery is a
process that has imported a program's modules, also those the program imports as it starts, and has
read what does not change from start to start (`jieba:initialize` imports jieba and calls that of
it); each child is forked from it, runs the program as `python -m` would, and is stopped and killed
like any other. Runs on both Pythons.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import runpy
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from tests.services.process import die_with_parent

PROJECT = Path(__file__).resolve().parents[2]
BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"
READY = "ready"
APP = (
    "xiangyin.app", "xiangyin.commands.app", "uvloop", "holidays.countries", "aiosqlite",
    "alembic.command", "channels.wechat",
)  # fmt: skip
BOT = (
    "bot.server", "bot.engine", "bot.training", "bot.components", "actions.rasa_actions", "uvloop",
    "jieba:initialize",
)  # fmt: skip


class Child:
    """A forked program, with what is used of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None while it runs; its exit code is its nursery's alone, so 0 stands for any."""
        return self._gone(0)

    def wait(self, timeout: float | None = None) -> int:
        if self._gone(timeout) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return 0

    def _gone(self, seconds: float | None) -> int | None:
        return 0 if select.select([self._handle], [], [], seconds)[0] else None

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._handle)


class Nursery:
    """`spawn` forks a program whose `modules` are imported; the nursery ends with this process."""

    def __init__(self, python: str | Path, modules: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [python, "-m", __name__, *modules],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(),
        )
        if self._answer() != READY:
            raise RuntimeError(f"nursery of {modules} died")

    def spawn(
        self, module: str, *arguments: str, environment: Mapping[str, str], log: Path
    ) -> Child:
        """`python -m module arguments`, both outputs appended to `log`."""
        request = {
            "module": module,
            "arguments": arguments,
            "environment": dict(environment),
            "log": str(log),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Child(int(self._answer()))

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@lru_cache
def app_nursery() -> Nursery:
    """Of `python -m xiangyin app`."""
    return Nursery(sys.executable, APP)


@lru_cache
def bot_nursery() -> Nursery:
    """Of `python -m bot serve`."""
    return Nursery(BOT_PYTHON, BOT)


def _become(module: str, arguments: Sequence[str], log: str) -> None:
    die_with_parent()()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number, handle in ((0, nothing), (1, output), (2, output)):
        os.dup2(handle, number)
    random.seed()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _serve(modules: Sequence[str]) -> None:
    for each in modules:
        module, _, preparation = each.partition(":")
        imported = importlib.import_module(module)
        if preparation:
            getattr(imported, preparation)()
    print(READY, flush=True)
    for line in sys.stdin:
        # A dead child stays a zombie until now, so its pid is nobody else's meanwhile.
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.environ.clear()
            os.environ.update(request["environment"])
            try:
                _become(request["module"], request["arguments"], request["log"])
            except SystemExit:
                pass
            except BaseException:  # noqa: BLE001 - as an interpreter shows it at the end
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1:])
