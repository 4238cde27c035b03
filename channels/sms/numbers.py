"""Phone numbers as addresses: a Chinese mobile number in its 11-digit national form."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\+?[0-9]{3,20}")
MOBILE = re.compile(r"1[0-9]{10}")
_MOBILE_WITH_COUNTRY = re.compile(r"(?:\+|00)?86(1[0-9]{10})")
_SEPARATORS = str.maketrans("", "", " -()\u00a0")


class NotANumber(ValueError):
    """The sender or receiver is no phone number (a name, or nothing)."""


def normalise(number: str) -> str:
    """'+86 138…', '0086138…' and '86138…' become '138…'; other numbers keep their digits, and a
    leading '+'. Raises NotANumber, whose message does not repeat what was given."""
    bare = number.strip().translate(_SEPARATORS)
    if not _DIGITS.fullmatch(bare):
        raise NotANumber("not a phone number")
    mobile = _MOBILE_WITH_COUNTRY.fullmatch(bare)
    if mobile:
        return mobile[1]
    return "+" + bare[2:] if bare.startswith("00") and len(bare) > 8 else bare
