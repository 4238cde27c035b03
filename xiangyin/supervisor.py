"""Start the children in order, keep them running, stop them all; nothing is left behind.

A child that dies is started again after a pause that doubles up to `LONGEST_PAUSE`; one that is
alive but answers nobody for `HANG_SECONDS` is killed and started again. Before all were ready
once, a child that cannot start ends everything: then something is set wrong.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from xiangyin.child import Child, ChildSpec, Health

READY_SECONDS = 120.0
STOP_SECONDS = 7.0
POLL_SECONDS = 0.1
WATCH_SECONDS = 5.0
HANG_SECONDS = 30.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # up this long: its next death counts as the first
DEATHS_BEFORE_READY = 3
EXIT_MISUSED = 2


class StartFailed(Exception):
    """A child could not be started; the message is for the operator, in Chinese."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class Supervisor:
    """`await start()`, `await watch()` until cancelled, `await stop()`.

    `stages`: the children of one stage start together, after those of the stage before are ready.
    """

    def __init__(self, stages: Sequence[Sequence[ChildSpec]], say: Callable[[str], None]) -> None:
        self.stages = [[Child(spec) for spec in stage] for stage in stages]
        self._say = say

    @property
    def children(self) -> list[Child]:
        return [child for stage in self.stages for child in stage]

    async def start(self) -> None:
        """Return when all are ready. Raises StartFailed; the caller then calls `stop`."""
        failures: list[BaseException] = []
        for stage in self.stages:
            try:
                async with asyncio.TaskGroup() as starting:
                    for child in stage:
                        starting.create_task(self._start_first(child))
            except* StartFailed as group:
                failures += group.exceptions
            if failures:
                raise failures[0]

    async def _start_first(self, child: Child) -> None:
        name = child.spec.name
        if child.spec.before is not None:
            await child.spec.before()
        for death in range(1, DEATHS_BEFORE_READY + 1):
            await child.start()
            if await self._until_ready(child):
                return
            code = child.process.returncode if child.process else None
            if code is None:
                raise StartFailed(
                    f"{name} 启动后 {READY_SECONDS:g} 秒仍没有就绪\n{child.log_tail()}"
                )
            if code == EXIT_MISUSED or death == DEATHS_BEFORE_READY:
                raise StartFailed(
                    f"{name} 启动失败，退出码 {code}\n{child.log_tail()}",
                    EXIT_MISUSED if code == EXIT_MISUSED else 1,
                )
            await asyncio.sleep(FIRST_PAUSE * death)

    async def _until_ready(self, child: Child) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while child.alive and time.monotonic() < deadline:
            if await child.spec.probe() is Health.READY:
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def watch(self) -> None:
        """Keep every child running, until cancelled."""
        async with asyncio.TaskGroup() as watching:
            for child in self.children:
                watching.create_task(self._keep(child))

    async def _keep(self, child: Child) -> None:
        pause = FIRST_PAUSE
        while True:
            since = time.monotonic()
            await self._until_gone(child)
            if time.monotonic() - since > STEADY_SECONDS:
                pause = FIRST_PAUSE
            code = child.process.returncode if child.process else None
            self._say(f"{child.spec.name} 停了（{code}），{pause:.1f} 秒后重新启动")
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            pause = min(pause * 2, LONGEST_PAUSE)
            child.kill()  # what it may have started itself
            try:
                await child.start()
            except OSError as error:
                self._say(f"{child.spec.name} 启动不了：{error.strerror}")

    async def _until_gone(self, child: Child) -> None:
        """Return when the child died, or was killed because it hung."""
        if child.process is None:
            return
        gone = asyncio.create_task(child.process.wait())
        answered = time.monotonic()
        try:
            while not gone.done():
                await asyncio.wait((gone,), timeout=WATCH_SECONDS)
                if gone.done():
                    return
                if await child.spec.probe() is not Health.SILENT:
                    answered = time.monotonic()
                elif time.monotonic() - answered > HANG_SECONDS:
                    self._say(f"{child.spec.name} 有 {HANG_SECONDS:g} 秒没有回应，重新启动它")
                    child.kill()
                    await gone
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def stop(self) -> None:
        """End the last stage first, in it those that `stop_first`; all are gone after ≤ 10 s."""
        deadline = time.monotonic() + STOP_SECONDS
        for stage in reversed(self.stages):
            for first in (True, False):
                left = max(0.5, deadline - time.monotonic())
                leaving = [child for child in stage if child.spec.stop_first is first]
                await asyncio.gather(*(child.stop(left) for child in leaving))
