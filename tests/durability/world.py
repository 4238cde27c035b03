"""A whole Xiangyin of real processes that can be killed, stopped and brought back."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from channels.wechat.testing import FakePlatform, Wechat
from tests.services.ports import free_port
from tests.services.process import die_with_parent
from tests.services.valkey import ValkeyProcess

PROJECT = Path(__file__).resolve().parents[2]
BOT_PYTHON = PROJECT / "bot" / ".venv" / "bin" / "python"
TOKEN = "durability"
POLL_SECONDS = 0.05
STOPPED_FOR_SECONDS = 0.4
READY_SECONDS = 90.0


@dataclass
class Halt:
    """At the count-th passing of a step in the app, `victim` gets the signal."""

    step: str
    signal: str
    count: int
    victim: str = "app"

    def spec(self, folder: Path) -> str:
        target = "" if self.victim == "app" else f":{folder / f'{self.victim}.pid'}"
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
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._guard: asyncio.Task[None] | None = None
        self._lives = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app_port}"

    async def start(self) -> None:
        await self.platform.start()
        if self.with_valkey:
            await asyncio.to_thread(self._start_valkey)
        self._start_bot()
        self._start_app()
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
            for url in (f"http://127.0.0.1:{self.bot_port}/health", f"{self.url}/health"):
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
        self.processes["valkey"] = process
        self._note_pid("valkey", process.pid)

    def _start_bot(self) -> None:
        command = [str(BOT_PYTHON), "-m", "bot", "serve", "--port", str(self.bot_port)]
        self._spawn("bot", command, {})

    def _start_app(self) -> None:
        self._lives += 1
        # Halts aimed at the app strike one life each, the others its first life.
        mine = [halt for halt in self.halts if halt.victim == "app" and halt.signal == "KILL"]
        halts = [halt for halt in self.halts if halt not in mine] if self._lives == 1 else []
        if self._lives <= len(mine):
            halts.append(mine[self._lives - 1])
        self._spawn("app", [sys.executable, "-m", "xiangyin", "app"], self.environment(halts))

    def environment(self, halts: Iterable[Halt] = ()) -> dict[str, str]:
        """Settings of the app, by environment only."""
        return {
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": str(self.folder),
            "XIANGYIN_DATABASE_URL": self.database_url,
            "XIANGYIN_REDIS_URL": self.valkey.url if self.with_valkey else "off",
            "XIANGYIN_HTTP_PORT": str(self.app_port),
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

    def _spawn(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),
            )
        self.processes[name] = process
        self._note_pid(name, process.pid)

    def _note_pid(self, name: str, pid: int) -> None:
        """Whole or not at all: the app reads it at any moment."""
        beside = self.folder / f"{name}.pid.new"
        beside.write_text(str(pid))
        beside.rename(self.folder / f"{name}.pid")

    async def _bring_back(self) -> None:
        starts = {"app": self._start_app, "bot": self._start_bot, "valkey": self._start_valkey}
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
