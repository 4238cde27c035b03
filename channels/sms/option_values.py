"""Reads single options of an account. Each raises ValueError that names the option and says what
it should be."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_DIGITS = re.compile(r"[0-9]+")


def text(options: Mapping[str, Any], name: str, what: str, *, most: int) -> str:
    """At most `most` ASCII characters; `what` says what is wanted."""
    value = options.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # written without quotes: all digits
    if not isinstance(value, str) or not 0 < len(value.strip().encode()) <= most:
        raise ValueError(f"sms: option {name} should be {what}")
    if not value.isascii():
        raise ValueError(f"sms: option {name} should hold ASCII only")
    return value.strip()


def optional_text(options: Mapping[str, Any], name: str, *, most: int, default: str = "") -> str:
    """Like `text`, or nothing."""
    given = options.get(name, default)
    if given == "":
        return ""
    return text({name: given}, name, f"at most {most} ASCII characters", most=most)


def service_number(options: Mapping[str, Any], name: str) -> str:
    """Digits."""
    sender = text(options, name, "the service number, such as 10690001", most=20)
    if not _DIGITS.fullmatch(sender):
        raise ValueError(f"sms: option {name} should be digits only, such as 10690001")
    return sender


def number(
    options: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    """From `least` to `most`."""
    value = options.get(name, default)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)  # the environment knows only strings
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"sms: option {name} should be a number from {least:g} to {most:g}")
    return float(value)


def switch(options: Mapping[str, Any], name: str) -> bool:
    """False where it is not given."""
    value = options.get(name, False)
    if value in ("true", "false"):
        return bool(value == "true")  # the environment knows only strings
    if not isinstance(value, bool):
        raise ValueError(f"sms: option {name} should be true or false")  # noqa: TRY004
    return value


def choice(options: Mapping[str, Any], name: str, choices: Collection[str]) -> str:
    """One of `choices`, the first where it is not given."""
    value = str(options.get(name, next(iter(choices))))
    if value not in choices:
        raise ValueError(f"sms: option {name} should be one of {', '.join(choices)}")
    return value
