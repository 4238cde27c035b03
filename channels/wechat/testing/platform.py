"""The API of the fake platform, on a free port of the loopback.

It keeps to WeChat's published behaviour where the channel depends on it: tokens with an end,
quotas and windows, errcode with HTTP 200, media that expire. Faults are injected by rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from channels.wechat.testing.media_store import MediaStore
from channels.wechat.testing.rules import Fault, Now, ReplyWindows, Tokens

TEXT_BYTES = 2048
MESSAGES = {
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40004: "invalid media type",
    40005: "invalid file type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40013: "invalid appid",
    40125: "invalid appsecret",
    41001: "access_token missing",
    41005: "media data missing",
    42001: "access_token expired",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    47001: "data format error",
}


class _SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Pushed:
    """One customer-service message a citizen got."""

    openid: str
    text: str


@dataclass
class FakePlatform:
    """`start`, then give `base_url` to the channel as `api_base_url`.

    `latency`: seconds before every answer. `enforce_windows`: refuse pushes outside the reply
    windows, as WeChat does; off, any follower can be written to."""

    app_id: str = "wx0000000000000001"
    app_secret: str = "fake-app-secret"  # noqa: S105
    clock: Now = field(default_factory=_SystemClock)
    latency: float = 0.0
    enforce_windows: bool = False
    pushed: list[Pushed] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=dict)  # openid: all the citizen saw
    followers: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)  # the paths called, in order

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock)
        self.windows = ReplyWindows(self.clock)
        self.media = MediaStore(self.clock)
        self._runner: web.AppRunner | None = None
        self._hung = asyncio.Event()
        self._arrived = asyncio.Condition()
        self.base_url = ""

    async def start(self, port: int = 0) -> None:
        """Listen; port 0 takes a free one. A second start after `stop` reuses the port."""
        self._hung = asyncio.Event()
        app = web.Application(client_max_size=64 << 20)
        app.add_routes(
            [
                web.post("/cgi-bin/stable_token", self._call(self._stable_token, token=False)),
                web.post("/cgi-bin/message/custom/send", self._call(self._custom_send)),
                web.post("/cgi-bin/message/custom/typing", self._call(self._typing)),
                web.get("/cgi-bin/media/get", self._call(self._media_get)),
                web.post("/cgi-bin/media/upload", self._call(self._media_upload)),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._hung.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def follow(self, openid: str) -> None:
        self.followers.add(openid)
        self.windows.acted(openid)

    def unfollow(self, openid: str) -> None:
        self.followers.discard(openid)

    async def wait_pushed(self, count: int = 1, seconds: float = 10.0) -> list[Pushed]:
        """All pushes, once there are `count` of them. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._arrived:
            await self._arrived.wait_for(lambda: len(self.pushed) >= count)
        return list(self.pushed)

    def keep_media(self, data: bytes, content_type: str) -> str:
        """A media id, good for three days, as of something a citizen sent."""
        return self.media.keep(data, content_type)

    def shown(self, openid: str, text: str) -> None:
        """The citizen saw this, whatever the way it came."""
        self.seen.setdefault(openid, []).append(text)

    def _call(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]], *, token: bool = True
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.calls.append(request.path)
            if self.latency:
                await asyncio.sleep(self.latency)
            fault = next((f for f in self.faults if f.applies(request.path)), None)
            if fault is not None:
                await request.read()  # the request was taken, whatever follows
                return await self._fail(request, fault)
            errcode = self.tokens.check(request.query.get("access_token", "")) if token else 0
            return _answer(errcode) if errcode else await handler(request)

        return handle

    async def _fail(self, request: web.Request, fault: Fault) -> web.Response:
        if fault.hang:
            await self._hung.wait()
        if (fault.drop or fault.hang) and request.transport is not None:
            request.transport.abort()
        if fault.errcode is not None:
            return _answer(fault.errcode, fault.errmsg)
        return web.Response(status=fault.status or 502, text="<html>bad gateway</html>")

    async def _stable_token(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if body is None or body.get("grant_type") != "client_credential":
            return _answer(47001)
        if body.get("appid") != self.app_id:
            return _answer(40013)
        if body.get("secret") != self.app_secret:
            return _answer(40125)
        issued = self.tokens.ask(force=body.get("force_refresh") is True)
        if isinstance(issued, int):
            return _answer(issued)
        return web.json_response({"access_token": issued[0], "expires_in": issued[1]})

    async def _custom_send(self, request: web.Request) -> web.Response:
        body = await _json(request)
        if body is None or body.get("msgtype") != "text":
            return _answer(47001)
        openid, text = str(body.get("touser", "")), str(body.get("text", {}).get("content", ""))
        errcode = self._check_push(openid, text)
        if errcode == 0:
            self.pushed.append(Pushed(openid, text))
            self.shown(openid, text)
            async with self._arrived:
                self._arrived.notify_all()
        return _answer(errcode)

    def _check_push(self, openid: str, text: str) -> int:
        if not openid.startswith("o"):
            return 40003
        if openid not in self.followers:
            return 45015
        if not text.strip():
            return 44004
        if len(text.encode("utf-8")) > TEXT_BYTES:
            return 45002
        return self.windows.take(openid) if self.enforce_windows else 0

    async def _typing(self, request: web.Request) -> web.Response:
        return _answer(0)

    async def _media_get(self, request: web.Request) -> web.StreamResponse:
        found = await self.media.get(request)
        return _answer(found) if isinstance(found, int) else found

    async def _media_upload(self, request: web.Request) -> web.Response:
        answer = await self.media.upload(request)
        return _answer(answer) if isinstance(answer, int) else web.json_response(answer)


def _answer(errcode: int, errmsg: str = "") -> web.Response:
    text = errmsg or MESSAGES.get(errcode, "error")
    return web.json_response({"errcode": errcode, "errmsg": text})


async def _json(request: web.Request) -> dict[str, Any] | None:
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
