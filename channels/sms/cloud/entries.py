"""What stands in an entry of a callback: words, numbers and times as providers write them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels.sms.cloud.callbacks import Undecodable
from channels.sms.numbers import NotANumber, normalise

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONGEST_WORD = 120
LONGEST_TEXT = 20_000
_DIGITS = re.compile(r"[0-9]{0,20}")


def word(entry: Mapping[str, Any], name: str) -> str:
    """A short value, '' where there is none. Raises Undecodable."""
    value = entry.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        raise Undecodable(f"{name} should be a short string")
    return value.strip()


def digits(entry: Mapping[str, Any], name: str) -> str:
    """At most twenty digits, '' where there is none. Raises Undecodable."""
    value = word(entry, name)
    if not _DIGITS.fullmatch(value):
        raise Undecodable(f"{name} should be digits")
    return value


def words(entry: Mapping[str, Any], name: str) -> str:
    """What a citizen wrote. Raises Undecodable."""
    value = entry.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Undecodable(f"{name} should be a string")
    return value


def phone(number: str, name: str) -> str:
    """As an address. Raises Undecodable."""
    try:
        return normalise(number)
    except NotANumber as error:
        raise Undecodable(f"{name} should be a phone number") from error


def time_of(entry: Mapping[str, Any], name: str) -> datetime | None:
    """'2026-11-23 21:08:31' in Asia/Shanghai, as UTC; None where it says nothing we can read."""
    try:
        given = datetime.strptime(str(entry.get(name, "")).strip(), "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None
    return given.replace(tzinfo=SHANGHAI).astimezone(UTC)


def detail(*given: str) -> str:
    """The provider's own words about a receipt, fit to be shown: no numbers of people."""
    told = " ".join(filter(None, given))
    told = "".join(c if c.isprintable() else " " for c in told)
    return re.sub(r"[0-9]{7,}", "*", told).strip()[:200]


def digest(*parts: str) -> str:
    """Names a message whose provider gives it no name: the same for the same words."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def raw(entry: Mapping[str, Any]) -> bytes:
    """The entry as it came, by itself."""
    told = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
    return told.encode("utf-8", "surrogatepass")
