"""A whole Xiangyin of real processes that can be killed, stopped and brought back."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import aiohttp

from channels.wechat.testing import FakePlatform, Wechat
from tests.services.nursery import Child, app_nursery, bot_nursery
from tests.services.ports import free_port
from tests.services.valkey import ValkeyProcess

TOKEN = "durability"
POLL_SECONDS = 0.05
STOPPED_FOR_SECONDS = 0.4
READY_SECONDS = 90.0


@dataclass
class Halt:
    """At the count-th passing of a step in the app's process `within`, `victim` gets the signal,
    by default that process itself."""

    step: str
    signal: str
    count: int
    victim: str = ""
    within: str = "app"

    def spec(self, folder: Path) -> str:
        target = f":{folder / f'{self.victim}.pid'}" if self.victim else ""
        return f"{self.step}:{self.signal}:{self.count}{target}"


@dataclass
class World:
    """`start`, send messages, `stop`. A guard brings back whatever dies or stands still, as a
    supervisor and an operator would; each halt strikes once."""

    database_url: str
    folder: Path
    halts: list[Halt] = field(default_factory=list)
    with_valkey: bool = True
    struck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.platform = FakePlatform()
        self.valkey = ValkeyProcess()
        self.bot_port = free_port()
        self.app_port = free_port()
        self.apps = {"app": ("all", self.app_port)}  # name: role, port
        self.processes: dict[str, subprocess.Popen[bytes] | Child] = {}
        self._guard: asyncio.Task[None] | None = None
        self._lives: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app_port}"

    async def start(self) -> None:
        await self.platform.start()
        if self.with_valkey:
            await asyncio.to_thread(self._start_valkey)
        self._start_bot()
        for name in self.apps:
            self._start_app(name)
        await self._ready()
        self._guard = asyncio.create_task(self._bring_back())

    async def stop(self) -> None:
        if self._guard is not None:
            self._guard.cancel()
            await asyncio.gather(self._guard, return_exceptions=True)
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.valkey.stop()
        await self.platform.stop()

    def wechat(self, account: str) -> Wechat:
        return Wechat(self.platform, f"{self.url}/channels/wechat/{account}", TOKEN)

    async def _ready(self) -> None:
        end = time.monotonic() + READY_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            for port in (self.bot_port, *(port for _, port in self.apps.values())):
                url = f"http://127.0.0.1:{port}/health"
                while True:
                    try:
                        async with http.get(url) as answer:
                            if answer.status == 200:
                                break
                    except (aiohttp.ClientError, TimeoutError, OSError):
                        pass
                    if time.monotonic() > end:
                        raise TimeoutError(f"{url}: {self.log_tail()}")
                    await asyncio.sleep(POLL_SECONDS)

    def log_tail(self) -> str:
        return "\n".join(
            path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log")
        )

    def _start_valkey(self) -> None:
        self.valkey.start()
        process = self.valkey.process
        assert process is not None
        self._note("valkey", process)

    def _start_bot(self) -> None:
        child = bot_nursery().spawn(
            "bot",
            *("serve", "--port", str(self.bot_port)),
            environment=os.environ,
            log=self.folder / "bot.log",
        )
        self._note("bot", child)

    def _start_app(self, name: str) -> None:
        self._lives[name] += 1
        within = [halt for halt in self.halts if halt.within == name]
        # Halts that kill the process itself strike one life each, the others its first life.
        mine = [halt for halt in within if not halt.victim and halt.signal == "KILL"]
        halts = [halt for halt in within if halt not in mine] if self._lives[name] == 1 else []
        if self._lives[name] <= len(mine):
            halts.append(mine[self._lives[name] - 1])
        role, port = self.apps[name]
        own = {"XIANGYIN_ROLE": role, "XIANGYIN_HTTP_PORT": str(port)}
        child = app_nursery().spawn(
            "xiangyin",
            "app",
            environment={**os.environ, **self.environment(halts), **own},
            log=self.folder / f"{name}.log",
        )
        self._note(name, child)

    def environment(self, halts: Iterable[Halt] = ()) -> dict[str, str]:
        """Settings of the app, by environment only."""
        return {
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": str(self.folder),
            "XIANGYIN_DATABASE_URL": self.database_url,
            "XIANGYIN_REDIS_URL": self.valkey.url if self.with_valkey else "off",
            "XIANGYIN_BOT_URL": f"http://127.0.0.1:{self.bot_port}",
            "XIANGYIN_LEASE_SECONDS": "2",
            "XIANGYIN_CLAIM_SECONDS": "6",
            "XIANGYIN_INBOX_POLL_SECONDS": "0.3",
            "XIANGYIN_OUTBOX_POLL_SECONDS": "0.3",
            "XIANGYIN_SPOOL_POLL_SECONDS": "0.3",
            "XIANGYIN_LOG_LEVEL": "warning",
            **self._account("TOWN"),
            **self._account("VILLAGE"),
            "XIANGYIN_ACCOUNTS__VILLAGE__REPLY_WAIT_SECONDS": "0",
            "XIANGYIN_HALT_AT": ";".join(halt.spec(self.folder) for halt in halts),
        }

    def _account(self, name: str) -> dict[str, str]:
        prefix = f"XIANGYIN_ACCOUNTS__{name}__"
        return {
            f"{prefix}CHANNEL": "wechat",
            f"{prefix}TOKEN": TOKEN,
            f"{prefix}APP_ID": self.platform.app_id,
            f"{prefix}APP_SECRET": self.platform.app_secret,
            f"{prefix}API_BASE_URL": self.platform.base_url,
        }

    def _note(self, name: str, process: subprocess.Popen[bytes] | Child) -> None:
        self.processes[name] = process
        # Whole or not at all: the app reads it at any moment.
        beside = self.folder / f"{name}.pid.new"
        beside.write_text(str(process.pid))
        beside.rename(self.folder / f"{name}.pid")

    async def _bring_back(self) -> None:
        starts: dict[str, Callable[[], None]] = {
            "bot": self._start_bot,
            "valkey": self._start_valkey,
            **{name: partial(self._start_app, name) for name in self.apps},
        }
        while True:
            for name, process in list(self.processes.items()):
                if process.poll() is not None:
                    self.struck.append(f"{name} died")
                    await asyncio.to_thread(starts[name])
                elif _stands_still(process.pid):
                    self.struck.append(f"{name} stopped")
                    await asyncio.sleep(STOPPED_FOR_SECONDS)
                    process.send_signal(signal.SIGCONT)
            await asyncio.sleep(POLL_SECONDS)


def _stands_still(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except FileNotFoundError:
        return False
