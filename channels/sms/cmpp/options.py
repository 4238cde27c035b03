"""The options of one CMPP account, checked when the channel is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.sms.cmpp.pdus import Version
from channels.sms.signature import read_signature

VERSIONS = {"2.0": Version.V20, "2.1": Version.V21, "3.0": Version.V30}
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class CmppOptions:
    """`source_addr`, `secret`: the SP's code and the password shared with the gateway. `sender`:
    our service number; what follows it in a number is the extension. `messages_per_second`,
    `segments_per_second`: as agreed with the operator, 0 for no limit. `resend_count`: how often
    a SUBMIT that is not answered is sent again on the same connection; 0, for a gateway may have
    taken it. `repeats_msg_id`: the gateway gives several messages of citizens the same Msg_Id
    (noticed by itself, but only when it has happened)."""

    host: str
    port: int
    source_addr: str
    secret: str = field(repr=False)
    sender: str
    version: Version = Version.V30
    service_id: str = ""
    signature: str = ""
    connection_count: int = 1
    window: int = 16
    messages_per_second: float = 0.0
    segments_per_second: float = 0.0
    max_parts: int = 50
    wait_seconds: float = 10.0
    answer_seconds: float = 15.0
    resend_count: int = 0
    heartbeat_seconds: float = 180.0
    heartbeat_answer_seconds: float = 60.0
    connect_seconds: float = 5.0
    reconnect_seconds: float = 60.0
    fee_user_type: int = 2
    fee_type: str = "01"
    fee_code: str = "0"
    repeats_msg_id: bool = False


def read_options(options: Mapping[str, Any]) -> CmppOptions:
    """Raises ValueError that names the option and says what it should be."""
    unknown = sorted(set(options) - set(CmppOptions.__dataclass_fields__))
    if unknown:
        raise ValueError(f"sms: unknown option {unknown[0]!r}")

    def number(name: str, default: float, least: float, most: float) -> float:
        return _number(options, name, default, least, most)

    return CmppOptions(
        host=_text(options, "host", "the gateway's address", most=255),
        port=int(number("port", 7890, 1, 65535)),
        source_addr=_text(options, "source_addr", "the SP's code, such as 900001", most=6),
        secret=_text(options, "secret", "the password shared with the gateway", most=255),
        sender=_sender(options),
        version=_version(options),
        service_id=_optional(options, "service_id", most=10),
        signature=read_signature(options.get("signature")),
        connection_count=int(number("connection_count", 1, 1, 32)),
        window=int(number("window", 16, 1, 1024)),
        messages_per_second=number("messages_per_second", 0, 0, 100_000),
        segments_per_second=number("segments_per_second", 0, 0, 100_000),
        max_parts=int(number("max_parts", 50, 1, 255)),
        wait_seconds=number("wait_seconds", 10, 0.05, 120),
        answer_seconds=number("answer_seconds", 15, 0.05, 120),
        resend_count=int(number("resend_count", 0, 0, 10)),
        heartbeat_seconds=number("heartbeat_seconds", 180, 0.05, 3600),
        heartbeat_answer_seconds=number("heartbeat_answer_seconds", 60, 0.05, 3600),
        connect_seconds=number("connect_seconds", 5, 0.05, 60),
        reconnect_seconds=number("reconnect_seconds", 60, 0.05, 3600),
        fee_user_type=int(number("fee_user_type", 2, 0, 3)),
        fee_type=_optional(options, "fee_type", most=2, default="01"),
        fee_code=_optional(options, "fee_code", most=6, default="0"),
        repeats_msg_id=_switch(options, "repeats_msg_id"),
    )


def _text(options: Mapping[str, Any], name: str, what: str, *, most: int) -> str:
    value = options.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # written without quotes: all digits
    if not isinstance(value, str) or not 0 < len(value.strip().encode()) <= most:
        raise ValueError(f"sms: option {name} should be {what}")
    if not value.isascii():
        raise ValueError(f"sms: option {name} should hold ASCII only")
    return value.strip()


def _optional(options: Mapping[str, Any], name: str, *, most: int, default: str = "") -> str:
    given = options.get(name, default)
    if given == "":
        return ""
    return _text({name: given}, name, f"at most {most} ASCII characters", most=most)


def _sender(options: Mapping[str, Any]) -> str:
    sender = _text(options, "sender", "the service number, such as 10690001", most=20)
    if not _DIGITS.fullmatch(sender):
        raise ValueError("sms: option sender should be digits only, such as 10690001")
    return sender


def _version(options: Mapping[str, Any]) -> Version:
    version = VERSIONS.get(str(options.get("version", "3.0")))
    if version is None:
        raise ValueError(f"sms: option version should be one of {', '.join(VERSIONS)}")
    return version


def _number(
    options: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    value = options.get(name, default)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)  # the environment knows only strings
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"sms: option {name} should be a number from {least:g} to {most:g}")
    return float(value)


def _switch(options: Mapping[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"sms: option {name} should be true or false")  # noqa: TRY004
    return value
