"""Child processes that die with the test run, even when it is killed with -9."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Protocol

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sent: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `sent` to the child when the spawning thread ends."""

    def arm() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)

    return arm


class Running(Protocol):
    """A process of `subprocess.Popen`, or a `nursery.Child`."""

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


def stop(process: Running, *, sent: signal.Signals, seconds: float = 10.0) -> None:
    """Send `sent`, wait `seconds`, then kill; returns when the process is gone."""
    if process.poll() is None:
        process.send_signal(sent)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll `ready` every 20 ms. Raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not get ready within {seconds:g} s")
        time.sleep(0.02)
