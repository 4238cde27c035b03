"""The fake platform's web OAuth: the authorize page inside WeChat, and the exchange of its code.

Who browses is the cookie `BROWSES_AS`: inside WeChat the app knows; a browser without it is told to
use WeChat, as by the real page.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from yarl import URL

from channels.wechat.testing.answers import answer
from channels.wechat.testing.rules import Now

BROWSES_AS = "fake_wechat_openid"
CODE_GOOD_FOR = timedelta(minutes=5)
OUTSIDE = "请在微信客户端打开链接"


@dataclass
class _Code:
    openid: str
    until: datetime
    used: bool = False


class WebOAuth:
    """`page_domain`: the only host codes are sent back to, where set (网页授权域名)."""

    def __init__(self, app_id: str, app_secret: str, clock: Now) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self.page_domain = ""

    async def authorize(self, request: web.Request) -> web.Response:
        query, openid = request.query, request.cookies.get(BROWSES_AS)
        if query.get("appid") != self._app_id or query.get("response_type") != "code":
            return _page("参数错误")
        back = URL(query.get("redirect_uri", ""))
        if not back.host or (self.page_domain and back.host != self.page_domain):
            return _page("redirect_uri 参数错误")
        if query.get("scope") != "snsapi_base" or len(query.get("state", "")) > 128:
            return _page("Scope 参数错误")
        if openid is None:
            return _page(OUTSIDE)
        code = self.code_for(openid)
        raise web.HTTPFound(back.update_query(code=code, state=query.get("state", "")))

    def code_for(self, openid: str) -> str:
        """A code as the authorize page gives it to this citizen."""
        code = "0" + secrets.token_hex(15)
        self._codes[code] = _Code(openid, self._clock.now() + CODE_GOOD_FOR)
        return code

    async def exchange(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("appid") != self._app_id:
            return answer(40013)
        if query.get("secret") != self._app_secret:
            return answer(40125)
        if not query.get("code"):
            return answer(41008)
        code = self._codes.get(query["code"])
        if code is None or code.until < self._clock.now():
            return answer(40029)
        if code.used:
            return answer(40163)
        code.used = True
        return web.json_response(
            {
                "access_token": secrets.token_urlsafe(64),
                "expires_in": 7200,
                "refresh_token": secrets.token_urlsafe(64),
                "openid": code.openid,
                "scope": "snsapi_base",
            }
        )


def _page(words: str) -> web.Response:
    return web.Response(text=f"<!doctype html><p>{words}</p>", content_type="text/html")
