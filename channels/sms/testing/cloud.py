"""What the fakes of cloud gateways have in common: a server on a free port, and its faults."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from aiohttp import web

KEY = "callback-key-0123456789"
SIGNATURE = "某市12345"
TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class TakenMessage:
    """What the gateway was asked to send: the variables' values in order."""

    number: str
    template: str
    values: tuple[str, ...]
    ours: str  # OutId, SessionContext
    provider_id: str


class FakeCloud(ABC):
    """`code`: given instead of the usual answer; `status`: with which; `hangs`, `drops`: no answer
    at all, though the message was taken; `nonsense`: an answer that is none of the gateway's."""

    def __init__(self) -> None:
        self.taken: list[TakenMessage] = []
        self.asked = 0
        self.code = ""
        self.status = 200
        self.hangs = False
        self.drops = False
        self.nonsense = False
        self.port = 0
        self._release = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """On the same port again after `close`."""
        self._release.clear()
        app = web.Application()
        app.router.add_post("/", self._handle)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, max_line_size=65536
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        self._release.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    async def judge(self, request: web.Request) -> tuple[str, TakenMessage | None]:
        """The code of the answer, and the message where it is taken."""

    @abstractmethod
    def answer(self, code: str, taken: TakenMessage | None) -> dict[str, Any]:
        """The body."""

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked += 1
        code, message = await self.judge(request)
        if self.code:
            return web.json_response(self.answer(self.code, None), status=self.status)
        if message is not None:
            self.taken.append(message)
        if self.hangs:
            await self._release.wait()
        if self.drops:
            assert request.transport is not None
            request.transport.abort()
        if self.nonsense:
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        return web.json_response(self.answer(code, message), status=200 if message else 400)
