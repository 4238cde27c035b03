"""The options every account on an operator's binary protocol has, whatever the protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from channels.sms import option_values
from channels.sms.signature import read_signature


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """`sender`: our service number; what follows it in a number is the extension.
    `messages_per_second`, `segments_per_second`: as agreed with the operator, 0 for no limit.
    `resend_count`: how often a message that is not answered is sent again on the same connection;
    0, for a gateway may have taken it."""

    host: str
    port: int
    sender: str
    signature: str
    connection_count: int
    window: int
    messages_per_second: float
    segments_per_second: float
    max_parts: int
    wait_seconds: float
    answer_seconds: float
    resend_count: int
    heartbeat_seconds: float
    heartbeat_answer_seconds: float
    connect_seconds: float
    reconnect_seconds: float


def read_session_options(
    options: Mapping[str, Any], *, port: int, window: int, heartbeat_seconds: float
) -> dict[str, Any]:
    """By field of SessionOptions; `port`, `window` and `heartbeat_seconds` are the protocol's
    usual ones. Raises ValueError."""

    def number(name: str, default: float, least: float, most: float) -> float:
        return option_values.number(options, name, default, least, most)

    return {
        "host": option_values.text(options, "host", "the gateway's address", most=255),
        "port": int(number("port", port, 1, 65535)),
        "sender": option_values.service_number(options, "sender"),
        "signature": read_signature(options.get("signature")),
        "connection_count": int(number("connection_count", 1, 1, 32)),
        "window": int(number("window", window, 1, 1024)),
        "messages_per_second": number("messages_per_second", 0, 0, 100_000),
        "segments_per_second": number("segments_per_second", 0, 0, 100_000),
        "max_parts": int(number("max_parts", 50, 1, 255)),
        "wait_seconds": number("wait_seconds", 10, 0.05, 120),
        "answer_seconds": number("answer_seconds", 15, 0.05, 120),
        "resend_count": int(number("resend_count", 0, 0, 10)),
        "heartbeat_seconds": number("heartbeat_seconds", heartbeat_seconds, 0.05, 3600),
        "heartbeat_answer_seconds": number("heartbeat_answer_seconds", 60, 0.05, 3600),
        "connect_seconds": number("connect_seconds", 5, 0.05, 60),
        "reconnect_seconds": number("reconnect_seconds", 60, 0.05, 3600),
    }


def refuse_unknown(options: Mapping[str, Any], known: type[SessionOptions]) -> None:
    """Raises ValueError for an option that is no field of `known`."""
    unknown = sorted(set(options) - {field.name for field in fields(known)})
    if unknown:
        raise ValueError(f"sms: unknown option {unknown[0]!r}")
