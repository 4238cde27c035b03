"""The options of one Kannel account, checked when the channel is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yarl import URL

from channels.sms.callers import Network, read_key, read_networks
from channels.sms.signature import read_signature

DEFAULT_MAX_PARTS = 50


@dataclass(frozen=True, slots=True)
class KannelOptions:
    """`sendsms_url`: smsbox's /cgi-bin/sendsms. `sender`: our service number. `callback_url`: our
    own base address as Kannel reaches it. `key`: the secret in callback addresses. `max_parts`
    must not be over `max-messages` of the sendsms-user, or Kannel cuts the text silently."""

    sendsms_url: str
    username: str
    password: str = field(repr=False)
    sender: str
    callback_url: str
    key: str = field(repr=False)
    allow_from: tuple[Network, ...] = ()
    signature: str = ""
    max_parts: int = DEFAULT_MAX_PARTS
    timeout_seconds: float = 10.0


def read_options(options: Mapping[str, Any]) -> KannelOptions:
    """Raises ValueError that names the option and says what it should be."""
    unknown = sorted(set(options) - set(KannelOptions.__dataclass_fields__))
    if unknown:
        raise ValueError(f"sms: unknown option {unknown[0]!r}")
    return KannelOptions(
        sendsms_url=_url(options, "sendsms_url"),
        username=_text(options, "username", "the username of a sendsms-user"),
        password=_text(options, "password", "the password of that sendsms-user"),
        sender=_text(options, "sender", "the service number, such as 10690001"),
        callback_url=_url(options, "callback_url").rstrip("/"),
        key=read_key(options.get("key")),
        allow_from=read_networks(options.get("allow_from")),
        signature=read_signature(options.get("signature")),
        max_parts=int(_number(options, "max_parts", DEFAULT_MAX_PARTS, 1, 255)),
        timeout_seconds=_number(options, "timeout_seconds", 10.0, 0.05, 60.0),
    )


def _text(options: Mapping[str, Any], name: str, what: str) -> str:
    value = options.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # from the environment, or written without quotes: all digits
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"sms: option {name} should be {what}")
    return value.strip()


def _url(options: Mapping[str, Any], name: str) -> str:
    try:
        url = URL(str(options.get(name, "")))
    except ValueError:
        url = URL()
    # '%' would be read by Kannel as an escape of its own, in the address we give it.
    if url.scheme not in ("http", "https") or not url.host or "%" in str(url):
        raise ValueError(f"sms: option {name} should be an http(s) address without '%'")
    return str(url)


def _number(
    options: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"sms: option {name} should be a number from {least} to {most}")
    return float(value)
