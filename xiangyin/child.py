"""One child process: started, watched, stopped; the kernel ends it with us, even after kill -9."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

PR_SET_PDEATHSIG = 1
LARGEST_LOG = 10 * 1024 * 1024
_libc = ctypes.CDLL(None, use_errno=True)


class Health(Enum):
    """What a probe saw. A child that answers but is not ready is let alone; a silent one hangs."""

    READY = "ready"
    NOT_READY = "not ready"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start a child and how to ask whether it is well.

    `log` None: it writes to our own output. `files` are removed before each start (stale sockets).
    `before` is awaited once, ahead of its first start.
    `stop_first`: it uses the others of its stage, so it is stopped before them.
    """

    name: str
    command: Sequence[str | Path]
    probe: Callable[[], Awaitable[Health]]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    files: Sequence[Path] = ()
    before: Callable[[], Awaitable[None]] | None = None
    stop_first: bool = False


def end_with_parent(parent: int) -> Callable[[], None]:
    """A `preexec_fn`: the kernel kills the child when `parent` (our own pid) is gone."""

    def arm() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return arm


class Child:
    """A running child; `start` again after it ended."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches only us, and we end it in order.

        Must be called from the main thread: the kernel ties the child to the calling thread.
        """
        for path in self.spec.files:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
        output = self._open_log()
        try:
            self.process = await asyncio.create_subprocess_exec(
                *map(str, self.spec.command),
                cwd=self.spec.cwd,
                env={**os.environ, **self.spec.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent(os.getpid()),
            )
        finally:
            if output is not None:
                os.close(output)

    def _open_log(self) -> int | None:
        log = self.spec.log
        if log is None:
            return None
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(f"{log.suffix}.1"))
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines it wrote; '' where it writes to our own output."""
        if self.spec.log is None or not self.spec.log.exists():
            return ""
        text = self.spec.log.read_bytes()[-8192:].decode(errors="replace")
        return "\n".join(text.rstrip().split("\n")[-lines:])

    async def stop(self, seconds: float) -> None:
        """SIGTERM, `seconds` to end, SIGKILL to what is left of its group."""
        process = self.process
        if process is None:
            return
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._kill_group(process.pid)
        for path in self.spec.files:
            path.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL to the child and what it started."""
        if self.process is not None:
            self._kill_group(self.process.pid)

    def _kill_group(self, group: int) -> None:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return  # all gone already
