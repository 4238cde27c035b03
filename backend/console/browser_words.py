"""A browser in words people know it by."""

from __future__ import annotations

import re

# The first that fits; those built on another's engine name both.
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    (r"Edg(e|A|iOS)?/", "Edge"),
    ("QQBrowser", "QQ 浏览器"),
    ("HuaweiBrowser", "华为浏览器"),
    ("360SE|QihooBrowser", "360 浏览器"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS|OpenHarmony", "鸿蒙"),
    ("iPhone|iPad", "苹果手机"),
    ("Android", "安卓手机"),
    ("Windows", "Windows 电脑"),
    ("Mac OS X", "苹果电脑"),
    ("Linux", "Linux 电脑"),
)


def browser_words(agent: str) -> str:
    """'Chrome，Windows 电脑' for a User-Agent header; '其他程序' for one nobody knows."""
    known = [_first(agent, _BROWSERS), _first(agent, _SYSTEMS)]
    return "，".join(filter(None, known)) or "其他程序"


def _first(agent: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent)), "")
