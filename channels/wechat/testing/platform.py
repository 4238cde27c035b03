"""The API of the fake platform, on a free port of the loopback.

It keeps to WeChat's published behaviour where the channel depends on it: tokens with an end,
quotas and windows, errcode with HTTP 200, media that expire. Faults are injected by rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aiohttp import web

from channels.wechat.testing.answers import MESSAGES
from channels.wechat.testing.answers import answer as _answer
from channels.wechat.testing.answers import read_json as _json
from channels.wechat.testing.media_store import MediaStore
from channels.wechat.testing.menus import Menus
from channels.wechat.testing.notices import NoticeBoard
from channels.wechat.testing.qrcodes import QrCodes
from channels.wechat.testing.rules import Fault, Now, ReplyWindows, Tokens
from channels.wechat.testing.web_oauth import WebOAuth

TEXT_BYTES = 2048


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
    refusals: list[int] = field(default_factory=list)  # errcodes the rules gave, not the faults

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.clock)
        self.windows = ReplyWindows(self.clock)
        self.notices = NoticeBoard(self.clock)
        self.menus = Menus()
        self.qrcodes = QrCodes()
        self.web_oauth = WebOAuth(self.app_id, self.app_secret, self.clock)
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
                web.post("/cgi-bin/message/template/send", self._call(self._template_send)),
                web.post("/cgi-bin/message/subscribe/bizsend", self._call(self._subscribe_send)),
                web.get("/cgi-bin/media/get", self._call(self._media_get)),
                web.post("/cgi-bin/media/upload", self._call(self._media_upload)),
                web.post("/cgi-bin/menu/create", self._call(self.menus.create)),
                web.get("/cgi-bin/menu/get", self._call(self.menus.get)),
                web.get("/cgi-bin/menu/delete", self._call(self.menus.delete)),
                web.post("/cgi-bin/qrcode/create", self._call(self.qrcodes.create)),
                web.get("/cgi-bin/showqrcode", self.qrcodes.show),
                web.get("/connect/oauth2/authorize", self.web_oauth.authorize),
                web.get(
                    "/sns/oauth2/access_token", self._call(self.web_oauth.exchange, token=False)
                ),
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
        self.windows.left(openid)

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
                if fault.done:
                    await handler(request)
                return await self._fail(request, fault)
            errcode = self.tokens.check(request.query.get("access_token", "")) if token else 0
            return self._refuse(errcode) if errcode else await handler(request)

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
        return self._refuse(errcode)

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

    async def _template_send(self, request: web.Request) -> web.Response:
        body = await _json(request)
        return self._noticed(
            47001 if body is None else self.notices.template_send(body, self.followers)
        )

    async def _subscribe_send(self, request: web.Request) -> web.Response:
        body = await _json(request)
        return self._noticed(47001 if body is None else self.notices.subscribe_send(body))

    def _noticed(self, result: int) -> web.Response:
        if result in MESSAGES:
            return self._refuse(result)
        return web.json_response({"errcode": 0, "errmsg": "ok", "msgid": result})

    def _refuse(self, errcode: int) -> web.Response:
        """By the rules; 0 is no refusal."""
        if errcode:
            self.refusals.append(errcode)
        return _answer(errcode)

    async def _typing(self, request: web.Request) -> web.Response:
        return _answer(0)

    async def _media_get(self, request: web.Request) -> web.StreamResponse:
        found = await self.media.get(request)
        return _answer(found) if isinstance(found, int) else found

    async def _media_upload(self, request: web.Request) -> web.Response:
        answer = await self.media.upload(request)
        return _answer(answer) if isinstance(answer, int) else web.json_response(answer)
