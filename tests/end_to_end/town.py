"""A town of real processes (Valkey, bot, app) with its officials; citizens write by WeChat."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from backend.database.engine import Database
from backend.petitions.tables import petition
from channels.wechat.testing import Delivery, Wechat
from tests.durability.world import PROJECT, World
from tests.services.required import require_service
from xiangyin.settings import BOT_PYTHON, TRIAGE_MODEL

NUMBER = re.compile(r"\d{8}-\d{4,}-\d")
PATIENCE_SECONDS = 30.0
PASSWORD = "麦田真好看呀今年收成不错"


@dataclass
class Town(World):
    """`settings` are the app's beside those of the World; `port` where it must listen, 0 for any
    free one. `struck` stays empty unless a process died."""

    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.app_port = self.port or self.app_port
        self.database = Database(self.database_url)
        self.callback = self.wechat()  # one for all citizens: message ids are the platform's

    def environment(self, halts: Any = ()) -> dict[str, str]:
        return {**super().environment(halts), **self.settings}

    async def start(self) -> None:
        require_service(
            BOT_PYTHON.exists() and TRIAGE_MODEL.exists(), "the bot is not installed and trained"
        )
        await super().start()

    async def stop(self) -> None:
        await self.database.close()
        await super().stop()

    @property
    def log(self) -> Path:
        """What the app logged."""
        return self.folder / "app.log"

    async def command(self, *arguments: str) -> str:
        """What the command `xiangyin` says."""

        def run() -> str:
            done = subprocess.run(
                [sys.executable, "-m", "xiangyin", *arguments],
                cwd=PROJECT, env={**os.environ, **self.environment()}, text=True,
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
