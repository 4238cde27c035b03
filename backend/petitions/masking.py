"""Personal data made unreadable where it is not needed. Pure."""

from __future__ import annotations

from backend.triage import masking
from backend.triage.personal_numbers import PersonalType

# What tells who the writer is. A plate or a door is often the matter itself and stays.
_IDENTIFYING: tuple[PersonalType, ...] = ("phone", "id_number", "card", "email", "wechat_id")


def mask_phone(phone: str) -> str:
    """13800001234 → 138****1234; short numbers keep their last two digits."""
    if len(phone) >= 11:
        return f"{phone[:-8]}****{phone[-4:]}"
    return "*" * max(len(phone) - 2, 0) + phone[-2:]


def mask_name(name: str) -> str:
    """张三丰 → 张**."""
    return name[:1] + "*" * (len(name) - 1)


def mask_numbers(text: str) -> str:
    """Phones, identity and bank numbers, mail and WeChat names inside a text, masked, in whatever
    way they are written; all else as it was. Costs no model: lists show it."""
    return masking.mask_numbers(text, _IDENTIFYING)


def without_persons(text: str, name: str | None) -> str:
    """A text to learn from: nobody's name or number in it, least of all the writer's `name`."""
    masked = masking.mask(text)
    return masked.replace(name, mask_name(name)) if name else masked
