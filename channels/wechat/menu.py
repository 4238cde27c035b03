"""The account's custom menu: read from a file, checked by WeChat's limits, compared, installed.

Limits from "自定义菜单创建接口": 3 buttons, 5 below each, names of 16 and 60 bytes, keys of 128
bytes, addresses of 1,024.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from channels.wechat.access_token import AccessToken
from channels.wechat.api import WechatApi, WechatError

MOST_BUTTONS, MOST_BELOW = 3, 5
NAME_BYTES, NAME_BELOW_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
NO_MENU = 46003

Menu = Mapping[str, Any]
"""{'button': […]} as `menu/create` takes it."""
PageUrl = Callable[[str], str]


class MenuError(ValueError):
    """The file is no menu that WeChat takes; the message names the button."""


def read_menu(content: Any, page_url: PageUrl) -> Menu:
    """The menu of a file's content (see data/wechat/menu.yml); `page_url` makes a whole address of
    a page's path. Raises MenuError."""
    buttons = content.get("buttons") if isinstance(content, Mapping) else None
    return {"button": [_button(each, page_url) for each in _listed(buttons, MOST_BUTTONS, "菜单")]}


def lines(menu: Menu | None) -> list[str]:
    """The menu as people read it, a line per button; [] for none."""
    return list(_lines(menu.get("button", ()))) if menu else []


def same(one: Menu | None, other: Menu | None) -> bool:
    """Whether two menus have the same buttons in the same order."""
    return lines(one) == lines(other)


class CustomMenu:
    """The menu as WeChat holds it."""

    def __init__(self, api: WechatApi, token: AccessToken) -> None:
        self._api = api
        self._token = token

    async def installed(self) -> Menu | None:
        """None where the account has none. Raises as `WechatApi.post_json`."""

        async def call(token: str) -> Menu:
            return await self._api.get_json("/cgi-bin/menu/get", {}, access_token=token)

        try:
            answer = await self._token.use(call)
        except WechatError as error:
            if error.errcode == NO_MENU:
                return None
            raise
        return dict(answer["menu"])

    async def install(self, menu: Menu) -> None:
        """Put it in the place of the one there is. Raises as `WechatApi.post_json`."""

        async def call(token: str) -> Menu:
            return await self._api.post_json("/cgi-bin/menu/create", menu, access_token=token)

        await self._token.use(call)


def _button(entry: Any, page_url: PageUrl) -> dict[str, Any]:
    name = _name(entry, NAME_BYTES)
    if "buttons" not in entry:
        return _leaf(entry, name, page_url)
    below = _listed(entry["buttons"], MOST_BELOW, name)
    return {
        "name": name,
        "sub_button": [_leaf(each, _name(each, NAME_BELOW_BYTES), page_url) for each in below],
    }


def _leaf(entry: Mapping[str, Any], name: str, page_url: PageUrl) -> dict[str, Any]:
    given = sorted(set(entry) - {"name"})
    if given == ["key"]:
        return {"type": "click", "name": name, "key": _short(entry["key"], KEY_BYTES, name)}
    if given == ["page"]:
        return {"type": "view", "name": name, "url": _address(page_url(str(entry["page"])), name)}
    if given == ["url"]:
        return {"type": "view", "name": name, "url": _address(entry["url"], name)}
    raise MenuError(f"{name}: 每个按钮要有 key、page、url 之一，或下级 buttons")


def _listed(entries: Any, most: int, where: str) -> Sequence[Any]:
    if not isinstance(entries, list) or not 1 <= len(entries) <= most:
        raise MenuError(f"{where}: 应有 1 到 {most} 个按钮")
    return entries


def _name(entry: Any, most: int) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    if not isinstance(name, str) or not name.strip():
        raise MenuError("每个按钮都要有 name")
    return _short(name, most, name)


def _short(value: Any, most: int, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode("utf-8")) <= most:
        raise MenuError(f"{where}: 应为 1 到 {most} 字节的文字（一个汉字 3 字节）")
    return value


def _address(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise MenuError(f"{where}: 网址应以 https:// 开头")
    return _short(value, URL_BYTES, where)


def _lines(buttons: Sequence[Mapping[str, Any]], above: str = "") -> Iterator[str]:
    for each in buttons:
        below = each.get("sub_button") or ()
        name = above + str(each.get("name", ""))
        if below:
            yield name
            yield from _lines(below, f"{name} › ")
        else:
            target = each.get("key") or each.get("url") or each.get("pagepath") or ""
            yield f"{name}  [{each.get('type', '')}] {target}"
