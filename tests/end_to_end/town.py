"""A town of real processes (Valkey, bot, app) with its officials; citizens write by WeChat."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import select

from backend.database.engine import Database
from backend.petitions.tables import petition
from channels.wechat.testing import Delivery, FakePlatform, Wechat
from tests.services.nursery import Child, Nursery, app_nursery, bot_nursery
from tests.services.ports import free_port
from tests.services.process import stop
from tests.services.required import require_service
from tests.services.valkey import ValkeyProcess
from xiangyin.settings import BOT_PYTHON, PROJECT, TRIAGE_MODEL

TOKEN = "end-to-end"
READY_SECONDS = 120.0
NUMBER = re.compile(r"\d{8}-\d{4,}-\d")
PATIENCE_SECONDS = 30.0
PASSWORD = "麦田真好看呀今年收成不错"


@dataclass
class Town:
    """`settings` are the app's beside those of its WeChat account `town`; `port` is where it must
    listen, 0 for any free one."""

    database_url: str
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.bot_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.platform = FakePlatform()
        self.valkey = ValkeyProcess()
        self.database = Database(self.database_url)
        # One for all citizens: message ids are the platform's.
        self.callback = Wechat(self.platform, f"{self.url}/channels/wechat/town", TOKEN)
        self._processes: dict[str, Child] = {}

    async def start(self) -> None:
        require_service(
            BOT_PYTHON.exists() and TRIAGE_MODEL.exists(), "the bot is not installed and trained"
        )
        await self.platform.start()
        await asyncio.to_thread(self.valkey.start)
        self._processes = {
            "bot": self._spawn(bot_nursery(), "bot", "serve", "--port", str(self.bot_port)),
        }
        await self.start_app()
        async with ClientSession(timeout=ClientTimeout(total=5)) as http:

            async def ready(url: str) -> bool:
                self.check_alive()
                try:
                    async with http.get(f"{url}/health") as answer:
                        return answer.status == 200
                except (ClientError, TimeoutError, OSError):
                    return False

            for name, url in (("bot", f"http://127.0.0.1:{self.bot_port}"), ("app", self.url)):
                await until(lambda url=url: ready(url), name, READY_SECONDS)  # type: ignore[misc]

    async def start_app(self) -> None:
        self._processes["app"] = self._spawn(app_nursery(), "xiangyin", "app")

    async def stop(self) -> None:
        await self.database.close()
        for process in reversed(self._processes.values()):
            await asyncio.to_thread(stop, process, sent=signal.SIGTERM)
        await asyncio.to_thread(self.valkey.stop)
        await self.platform.stop()

    def check_alive(self) -> None:
        """Raises AssertionError with the end of its log where a process has died."""
        for name, process in self._processes.items():
            log = self.folder / f"{name}.log"
            assert process.poll() is None, f"{name} died: {log.read_text()[-3000:]}"

    def environment(self) -> dict[str, str]:
        """Of the app and of the command: this town and nothing of the machine's own settings."""
        account = {
            "CHANNEL": "wechat",
            "TOKEN": TOKEN,
            "APP_ID": self.platform.app_id,
            "APP_SECRET": self.platform.app_secret,
            "API_BASE_URL": self.platform.base_url,
            "OAUTH_BASE_URL": self.platform.base_url,
        }
        return {
            **{name: value for name, value in os.environ.items() if "XIANGYIN_" not in name},
            "XIANGYIN_CONFIG": os.devnull,
            "XIANGYIN_VAR_DIR": str(self.folder),
            "XIANGYIN_DATABASE_URL": self.database_url,
            "XIANGYIN_REDIS_URL": self.valkey.url,
            "XIANGYIN_HTTP_PORT": str(self.port),
            "XIANGYIN_BOT_URL": f"http://127.0.0.1:{self.bot_port}",
            **{f"XIANGYIN_ACCOUNTS__TOWN__{name}": value for name, value in account.items()},
            **self.settings,
        }

    def _spawn(self, nursery: Nursery, module: str, *arguments: str) -> Child:
        name = "bot" if module == "bot" else "app"
        log = self.folder / f"{name}.log"
        return nursery.spawn(module, *arguments, environment=self.environment(), log=log)

    @property
    def log(self) -> Path:
        """What the app logged."""
        return self.folder / "app.log"

    async def command(self, *arguments: str) -> str:
        """What the command `xiangyin` says."""

        def run() -> str:
            done = subprocess.run(
                [sys.executable, "-m", "xiangyin", *arguments],
                cwd=PROJECT, env=self.environment(), text=True,
                capture_output=True, timeout=90, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout

        return await asyncio.to_thread(run)

    async def add_official(self, login: str, name: str, office: str, role: str) -> str:
        """Their one-time password."""
        said = await self.command("user", "add", login, f"--name={name}", f"--org={office}",
                                  f"--role={role}")  # fmt: skip
        found = re.search("一次性口令：(.+)", said)
        assert found, said
        return found[1]

    async def petition(self, number: str) -> Any:
        """The petition's row."""
        async with self.database.read() as connection:
            found = await connection.execute(select(petition).where(petition.c.number == number))
            return found.one()


@dataclass
class Follower:
    """A citizen on WeChat. What they see is the platform's record: replies and pushes alike."""

    town: Town
    openid: str

    def __post_init__(self) -> None:
        self.town.platform.follow(self.openid)

    @property
    def wechat(self) -> Wechat:
        return self.town.callback

    @property
    def seen(self) -> list[str]:
        return self.town.platform.seen.get(self.openid, [])

    async def say(self, text: str) -> str:
        """Write, and give what was seen first after it, by whatever way it came."""
        before = len(self.seen)
        delivery = await self.wechat.post_message(self.openid, text)
        return await self._after(before, delivery)

    async def send_photo(self, data: bytes) -> str:
        before = len(self.seen)
        media_id = self.town.platform.keep_media(data, "image/jpeg")
        delivery = await self.wechat.post_media(self.openid, "image", media_id)
        return await self._after(before, delivery)

    async def _after(self, before: int, delivery: Delivery) -> str:
        assert delivery.statuses == [200], delivery
        await until(lambda: len(self.seen) > before, "an answer by WeChat")
        return self.seen[before]

    async def pushed(self, part: str) -> str:
        """The push that holds `part`, once it is there; exactly one."""

        def found() -> list[str]:
            mine = [one for one in self.town.platform.pushed if one.openid == self.openid]
            return [one.text for one in mine if part in one.text]

        await until(lambda: bool(found()), f"a push with {part}")
        (text,) = found()
        return text


async def until(
    ready: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = PATIENCE_SECONDS
) -> None:
    """Poll `ready`. Raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while True:
        found = ready()
        if found is True or (isinstance(found, Awaitable) and await found):
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {seconds:g} s")
        await asyncio.sleep(0.05)
