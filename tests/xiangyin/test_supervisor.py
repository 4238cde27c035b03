"""The supervisor with real children: start, restart, hang, stop, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.process import wait_until
from xiangyin import supervisor as supervisor_module
from xiangyin.child import Child, ChildSpec, Health
from xiangyin.probes import http_health, redis_health
from xiangyin.settings import PROJECT
from xiangyin.supervisor import StartFailed, Supervisor

# A child that writes its pid to a file and waits; {extra} runs first.
CHILD = """
import os, pathlib, signal, sys, time
{extra}
path = pathlib.Path(sys.argv[1])
path.with_suffix(".new").write_text(str(os.getpid()))
path.with_suffix(".new").rename(path)
while True:
    time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def spec(tmp_path: Path, name: str = "child", extra: str = "", **fields: Any) -> ChildSpec:
    pid_file = tmp_path / f"{name}.pid"

    async def probe() -> Health:
        return Health.READY if pid_file.exists() else Health.SILENT

    given: dict[str, Any] = {
        "name": name,
        "command": (sys.executable, "-c", CHILD.format(extra=extra), pid_file),
        "probe": probe,
        "cwd": tmp_path,
        "log": tmp_path / "log" / f"{name}.log",
        "files": (pid_file,),
    }
    return ChildSpec(**{**given, **fields})


def pid_of(tmp_path: Path, name: str = "child") -> int:
    return int((tmp_path / f"{name}.pid").read_text())


@pytest.fixture
async def supervise() -> AsyncIterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def make(*stages: list[ChildSpec]) -> Supervisor:
        made.append(Supervisor(stages, said.append))
        return made[-1]

    said: list[str] = []
    yield make
    for supervisor in made:
        await supervisor.stop()


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_stages_start_in_order_and_stop_leaves_nothing(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    needs_first = f"assert pathlib.Path({str(tmp_path / 'first.pid')!r}).exists()"
    supervisor = supervise(
        [spec(tmp_path, "first")],
        [spec(tmp_path, "second", needs_first), spec(tmp_path, "third", needs_first)],
    )
    await supervisor.start()
    pids = [pid_of(tmp_path, name) for name in ("first", "second", "third")]
    await supervisor.stop()
    assert all(map(gone, pids))
    assert not list(tmp_path.glob("*.pid"))


async def test_dead_child_is_started_again(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE", 0.05)
    supervisor = supervise([spec(tmp_path)])
    await supervisor.start()
    watching = asyncio.create_task(supervisor.watch())
    first = pid_of(tmp_path)
    os.kill(first, signal.SIGKILL)
    await eventually(lambda: (tmp_path / "child.pid").exists() and pid_of(tmp_path) != first)
    watching.cancel()
    assert gone(first)
    assert not gone(pid_of(tmp_path))


async def test_hanging_child_is_killed_and_started_again(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCH_SECONDS", 0.05), ("HANG_SECONDS", 0.3), ("FIRST_PAUSE", 0.05)):
        monkeypatch.setattr(supervisor_module, name, value)
    silent = False

    async def probe() -> Health:
        return Health.SILENT if silent else Health.READY

    supervisor = supervise([spec(tmp_path, probe=probe)])
    await supervisor.start()
    await eventually((tmp_path / "child.pid").exists)
    first = pid_of(tmp_path)
    os.kill(first, signal.SIGSTOP)
    watching = asyncio.create_task(supervisor.watch())
    silent = True
    await eventually(lambda: gone(first))
    silent = False
    await eventually(lambda: (tmp_path / "child.pid").exists() and pid_of(tmp_path) != first)
    watching.cancel()
    assert not gone(pid_of(tmp_path))


async def test_child_that_answers_but_is_not_ready_is_let_alone(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WATCH_SECONDS", 0.02), ("HANG_SECONDS", 0.1)):
        monkeypatch.setattr(supervisor_module, name, value)
    supervisor = supervise([spec(tmp_path)])
    await supervisor.start()
    first = pid_of(tmp_path)

    async def not_ready() -> Health:
        return Health.NOT_READY

    supervisor.children[0].spec = spec(tmp_path, probe=not_ready)
    watching = asyncio.create_task(supervisor.watch())
    await asyncio.sleep(0.5)
    watching.cancel()
    assert not gone(first)


@pytest.mark.parametrize(("code", "expected"), [(3, 1), (2, 2)])
async def test_child_that_cannot_start_ends_the_start_with_its_words(
    tmp_path: Path,
    supervise: Callable[..., Supervisor],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    expected: int,
) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE", 0.01)
    broken = spec(tmp_path, "broken", f"print('the reason'); sys.exit({code})")
    supervisor = supervise([spec(tmp_path, "well"), broken])
    with pytest.raises(StartFailed, match="the reason") as caught:
        await supervisor.start()
    assert caught.value.exit_code == expected


async def test_stop_takes_no_longer_than_ten_seconds(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "STOP_SECONDS", 0.5)
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    supervisor = supervise([spec(tmp_path, "deaf", deaf), spec(tmp_path, "stopped")])
    await supervisor.start()
    pids = [pid_of(tmp_path, "deaf"), pid_of(tmp_path, "stopped")]
    os.kill(pids[1], signal.SIGSTOP)
    before = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - before < 3
    assert all(map(gone, pids))
    assert supervisor_module.STOP_SECONDS < 10


async def test_grandchildren_go_too(tmp_path: Path, supervise: Callable[..., Supervisor]) -> None:
    extra = (
        "import subprocess\n"
        "p = subprocess.Popen(['sleep', '1000'])\n"
        f"pathlib.Path({str(tmp_path / 'grandchild')!r}).write_text(str(p.pid))"
    )
    supervisor = supervise([spec(tmp_path, extra=extra)])
    await supervisor.start()
    grandchild = int((tmp_path / "grandchild").read_text())
    await supervisor.stop()
    await eventually(lambda: gone(grandchild))


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    pid_file = tmp_path / "child.pid"
    program = textwrap.dedent(
        """
        import asyncio, sys
        from pathlib import Path
        from tests.xiangyin.test_supervisor import spec
        from xiangyin.supervisor import Supervisor

        async def main():
            supervisor = Supervisor([[spec(Path(sys.argv[1]))]], print)
            await supervisor.start()
            await supervisor.watch()

        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program, tmp_path], cwd=PROJECT)
    try:
        wait_until(pid_file.exists, seconds=20, what="the child")
        child = int(pid_file.read_text())
        parent.kill()
        parent.wait()
        wait_until(lambda: gone(child), seconds=5, what="the child's end")
    finally:
        parent.kill()
        parent.wait()


async def test_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xiangyin.child.LARGEST_LOG", 10)
    child = Child(spec(tmp_path, extra="print('new words', flush=True)"))
    log = tmp_path / "log" / "child.log"
    log.parent.mkdir()
    log.write_text("many old words")
    await child.start()
    await eventually((tmp_path / "child.pid").exists)
    await child.stop(5)
    assert child.log_tail() == "new words"
    assert (tmp_path / "log" / "child.log.1").read_text() == "many old words"


async def test_probes_tell_silence_from_an_answer(
    valkey_url: str, free_port: Callable[[], int], tmp_path: Path
) -> None:
    assert await redis_health(valkey_url) is Health.READY
    assert await redis_health(f"redis://127.0.0.1:{free_port()}") is Health.SILENT
    assert await redis_health(f"unix://{tmp_path}/none.sock") is Health.SILENT
    assert await http_health(f"http://127.0.0.1:{free_port()}/health") is Health.SILENT
    assert await http_health("http://bot/health", socket=tmp_path / "no.sock") is Health.SILENT
