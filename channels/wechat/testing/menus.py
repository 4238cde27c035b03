"""The fake platform's custom menu: menu/create, get, delete, with WeChat's limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from channels.wechat.testing.answers import answer, read_json


class Menus:
    """`installed` is the menu citizens see, None for none."""

    def __init__(self) -> None:
        self.installed: dict[str, Any] | None = None

    async def create(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        if body is None:
            return answer(47001)
        errcode = _check(body.get("button"))
        if errcode == 0:
            self.installed = {"button": [_as_told(each) for each in body["button"]]}
        return answer(errcode)

    async def get(self, _request: web.Request) -> web.Response:
        if self.installed is None:
            return answer(46003)
        return web.json_response({"menu": self.installed})

    async def delete(self, _request: web.Request) -> web.Response:
        self.installed = None
        return answer(0)


def _check(buttons: Any) -> int:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        return 40016
    return next(filter(None, (_errcode(each, 16, below=True) for each in buttons)), 0)


def _errcode(button: Mapping[str, Any], name_bytes: int, *, below: bool) -> int:
    if not 1 <= len(str(button.get("name", "")).encode()) <= name_bytes:
        return 40018
    under: Sequence[Mapping[str, Any]] = button.get("sub_button") or ()
    if under:
        if not below or len(under) > 5:
            return 40023
        return next(filter(None, (_errcode(each, 60, below=False) for each in under)), 0)
    if button.get("type") == "click":
        return 0 if 1 <= len(str(button.get("key", "")).encode()) <= 128 else 40019
    if button.get("type") == "view":
        return 0 if 1 <= len(str(button.get("url", "")).encode()) <= 1024 else 40020
    return 40017


def _as_told(button: Mapping[str, Any]) -> dict[str, Any]:
    """As menu/get gives it back: every button with its list of those below."""
    below = [_as_told(each) for each in button.get("sub_button") or ()]
    return {**button, "sub_button": below}
