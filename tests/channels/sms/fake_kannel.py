"""smsbox's sendsms as measured on Kannel 1.4.5, with the faults a real one shows rarely."""

from __future__ import annotations

import asyncio

from aiohttp import web

USERNAME, PASSWORD, KEY = "xiangyin", "sendsms-secret-9", "callback-key-0123456789"


class FakeKannel:
    """`answer`: (status, body) given instead of the usual; `hangs`, `drops`: no answer at all."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.answer: tuple[int, str] | None = None
        self.hangs = False
        self.drops = False
        self.port = 0
        self._release = asyncio.Event()
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_get("/cgi-bin/sendsms", self._sendsms)
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

    def options(self) -> dict[str, object]:
        return {
            "provider": "kannel",
            "sendsms_url": f"http://127.0.0.1:{self.port}/cgi-bin/sendsms",
            "username": USERNAME,
            "password": PASSWORD,
            "sender": "10690001",
            "callback_url": "http://127.0.0.1:8080",
            "key": KEY,
            "timeout_seconds": 0.5,
        }

    async def _sendsms(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        self.requests.append(query)
        if self.hangs:
            await self._release.wait()
        if self.drops:
            assert request.transport is not None
            request.transport.abort()
        if self.answer is not None:
            return web.Response(status=self.answer[0], text=self.answer[1])
        if (query.get("username"), query.get("password")) != (USERNAME, PASSWORD):
            return web.Response(status=403, text="Authorization failed for sendsms")
        if not query.get("to"):
            return web.Response(status=400, text="Missing receiver number, rejected")
        return web.Response(status=202, text="0: Accepted for delivery")
