"""What a nursery forks runs as `python -m` does, and dies like any process."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.services.nursery import Nursery
from tests.services.ports import free_port
from tests.services.process import wait_until


@pytest.fixture(scope="module")
def nursery() -> Nursery:
    return Nursery(sys.executable, ["json", "http.server"])


def test_it_runs_the_module_with_its_arguments_and_environment(
    nursery: Nursery, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    child = nursery.spawn(
        "timeit", "-n1", "-r1", "import os; print(dict(os.environ))",
        environment={"ONLY": "this"}, log=log,
    )  # fmt: skip
    child.wait(10)
    assert "{'ONLY': 'this'" in log.read_text()
    assert "1 loop" in log.read_text()


def test_it_can_be_stopped_continued_and_killed(nursery: Nursery, tmp_path: Path) -> None:
    child = nursery.spawn("http.server", str(free_port()), environment={}, log=tmp_path / "log")
    for sent, state in ((signal.SIGSTOP, "T"), (signal.SIGCONT, "S")):
        child.send_signal(sent)
        wait_until(partial(_is, child.pid, state), seconds=5, what=state)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.05)
    assert child.poll() is None
    child.kill()
    child.wait(5)
    assert child.poll() is not None


def _is(pid: int, state: str) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == state


def test_an_error_ends_the_child_and_not_the_nursery(nursery: Nursery, tmp_path: Path) -> None:
    log = tmp_path / "log"
    nursery.spawn("no.such.module", environment={}, log=log).wait(10)
    assert "No module named 'no'" in log.read_text()
    nursery.spawn("json.tool", "--help", environment={}, log=log).wait(10)
    assert "usage" in log.read_text()
