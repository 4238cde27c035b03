"""The fields of a template or subscribe notice: which there may be, and what stands in them. Pure.

A notice says that there is something to read and where, never what: WeChat shows it on the locked
screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from backend.ports import About
from channels.wechat import texts
from channels.wechat.beijing_time import written
from channels.wechat.reply import sendable
from channels.wechat.splitting import character_end

LITERAL = "text:"
ELLIPSIS = "…"

_LIMITS: dict[str, int] = yaml.safe_load(
    Path(__file__).with_name("template_fields.yml").read_text("utf-8")
)
_FIELD = re.compile(r"(?P<type>[a-z_]+?)\d{0,3}")
_VALUES_OF_TYPE = {
    "thing": ("number", "title", "news"),
    "character_string": ("number",),
    "time": ("time",),
    "date": ("time",),
    "phrase": (),
    "const": (),
}

_VALUES: Mapping[str, Callable[[About, datetime], str]] = {
    "number": lambda about, _: about.number,
    "title": lambda about, _: sendable(about.title).strip() or texts.NOTICE,
    "news": lambda _about, _now: texts.NOTICE,
    "time": lambda _, now: written(now),
}


def check_fields(option: str, fields: object) -> Mapping[str, str]:
    """`fields` as the settings have it: the template's field names, each with one of number,
    title, news, time, or `text:` and words. Raises ValueError that names the option."""
    if not isinstance(fields, Mapping) or not fields:
        raise ValueError(
            f"wechat: option {option} should be a table of the template's fields, such as "
            '{ character_string1 = "number", thing2 = "title", time3 = "time" }'
        )
    for name, value in fields.items():
        match = _FIELD.fullmatch(str(name))
        kind = match["type"] if match else ""
        if kind not in _LIMITS:
            raise ValueError(f"wechat: option {option}: no field {name!r} can be filled")
        if value not in _VALUES_OF_TYPE[kind] and not _is_literal(value, _LIMITS[kind]):
            known = "".join(f"{one}, " for one in _VALUES_OF_TYPE[kind])
            raise ValueError(
                f"wechat: option {option}: {name} should be {known}or text: and words of at most "
                f"{_LIMITS[kind]} characters"
            )
    return {str(name): str(value) for name, value in fields.items()}


def filled(fields: Mapping[str, str], about: About, now: datetime) -> dict[str, dict[str, Any]]:
    """`data` of the call, every value within its type's limit."""
    return {
        name: {"value": _cut(_value(value, about, now), _limit(name))}
        for name, value in fields.items()
    }


def _is_literal(value: object, limit: int) -> bool:
    if not isinstance(value, str) or not value.startswith(LITERAL):
        return False
    words = value.removeprefix(LITERAL).strip()
    return 0 < _units(words) <= limit


def _value(value: str, about: About, now: datetime) -> str:
    if value.startswith(LITERAL):
        return value.removeprefix(LITERAL)
    return _VALUES[value](about, now)


def _limit(name: str) -> int:
    match = _FIELD.fullmatch(name)
    assert match is not None
    return _LIMITS[match["type"]]


def _cut(value: str, limit: int) -> str:
    """One line of at most `limit` UTF-16 units, which is what WeChat counts at the most."""
    line = " ".join(value.split())
    if _units(line) <= limit:
        return line
    end = 0
    while _units(line[: end + 1]) <= limit - len(ELLIPSIS):
        end += 1
    return line[: character_end(line, 0, end)].rstrip() + ELLIPSIS


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
