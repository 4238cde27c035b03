"""A county in which days pass: the app in this process under a clock that can be put forward, with
the real bot, Valkey, a fake WeChat platform and a fake Kannel."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from unittest import mock

from aiohttp import ClientSession, ClientTimeout, web

from backend.clock import SHANGHAI, SystemClock
from channels.wechat.testing import FakePlatform, Wechat
from tests.channels.sms.fake_kannel import KEY, FakeKannel
from tests.end_to_end.town import Town, until
from xiangyin.app import create_app
from xiangyin.loading import load_settings
from xiangyin.preparation import make_first_user, prepare_database

SHORT_CODE = "10690001"
SMS_ACCOUNT = "texts"


class MovableClock(SystemClock):
    """Goes as fast as the machine's, from a moment that is set."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - super().now()

    def now(self) -> datetime:
        return super().now() + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Forward only. Raises AssertionError."""
        assert moment > self.now(), f"{moment} is over"
        self._ahead += moment - self.now()


@dataclass
class CountyOverDays(Town):
    """`first_day` begins at nine in the morning, Asia/Shanghai."""

    first_day: datetime = field(default=datetime(2026, 9, 21, 9, tzinfo=SHANGHAI))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.clock = MovableClock(self.first_day.astimezone(UTC))
        self.platform = FakePlatform(clock=self.clock)
        self.callback = Wechat(self.platform, self.callback.webhook_url, self.callback.token)
        self.kannel = FakeKannel()
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        await self.kannel.open()
        await super().start()

    async def start_app(self) -> None:
        with mock.patch.dict(os.environ, self.environment(), clear=True):
            settings = load_settings()
        await prepare_database(self.database)
        self._runner = web.AppRunner(
            create_app(settings, self.clock), access_log=None, shutdown_timeout=1.0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await super().stop()
        await self.kannel.close()

    def environment(self) -> dict[str, str]:
        options = {
            "CHANNEL": "sms",
            **{name.upper(): str(value) for name, value in self.kannel.options().items()},
        }
        prefix = f"XIANGYIN_ACCOUNTS__{SMS_ACCOUNT.upper()}__"
        return super().environment() | {f"{prefix}{name}": v for name, v in options.items()}

    async def first_password(self) -> str:
        """Of the first administrator, as `make run` prints it."""
        await prepare_database(self.database)
        password = await make_first_user(self.database, self.clock)
        assert password
        return password

    def next_day(self, days: int = 1, hour: int = 9) -> None:
        """Nine o'clock of a later day."""
        now = self.clock.now().astimezone(SHANGHAI)
        later = (now + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)
        self.clock.move_to(later.astimezone(UTC))


@dataclass
class Texting:
    """A citizen who texts, through Kannel's callbacks."""

    county: CountyOverDays
    number: str
    _serial: ClassVar[Iterator[int]] = itertools.count(1)

    def received(self) -> list[str]:
        # What asks after Kannel's health is for nobody.
        requests = self.county.kannel.requests
        return [one["text"] for one in requests if one.get("to") == self.number]

    async def say(self, text: str) -> str:
        """Text, and give the next text that comes."""
        before = len(self.received())
        sent_at = self.county.clock.now().strftime("%Y-%m-%d %H:%M:%S")
        headers = {
            "Content-Type": 'text/plain; charset="UTF-16BE"',
            "X-Kannel-From": f"+86{self.number}",
            "X-Kannel-To": SHORT_CODE,
            "X-Kannel-Coding": "2",
            "X-Kannel-Time": sent_at,
        }
        url = f"{self.county.url}/channels/sms/{SMS_ACCOUNT}/mo"
        query = {"key": KEY, "id": f"mo-{next(self._serial)}"}
        body = text.encode("utf-16-be")
        async with (
            ClientSession(timeout=ClientTimeout(total=10)) as http,
            http.post(url, params=query, data=body, headers=headers) as answer,
        ):
            assert answer.status == 200, await answer.text()
        await until(lambda: len(self.received()) > before, f"an answer to {text!r} by SMS")
        return self.received()[before]

    async def got(self, part: str, times: int = 1) -> None:
        """Wait for the text that holds `part`: the first, or the one that makes it `times`."""

        def all_there() -> bool:
            return sum(part in one for one in self.received()) >= times

        await until(all_there, f"an SMS with {part}")
