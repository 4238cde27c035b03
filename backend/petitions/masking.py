"""Personal data made unreadable where it is not needed. Pure."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1\d{10})(?!\d)")


def mask_phone(phone: str) -> str:
    """13800001234 → 138****1234; short numbers keep their last two digits."""
    if len(phone) >= 11:
        return f"{phone[:-8]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:]


def mask_name(name: str) -> str:
    """张三丰 → 张**."""
    return name[:1] + "*" * (len(name) - 1)


def mask_numbers(text: str) -> str:
    """Mobile and identity numbers inside a text, masked; all else as it was written."""
    return _NUMBER.sub(lambda found: found[0][:3] + "*" * (len(found[0]) - 5) + found[0][-2:], text)


def without_persons(text: str, name: str | None) -> str:
    """A text to learn from: no numbers of persons, and not the writer's `name`."""
    masked = mask_numbers(text)
    return masked.replace(name, mask_name(name)) if name else masked
