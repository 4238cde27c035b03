"""How client and gateway prove that they know the shared secret. MD5, as the protocol has it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

from channels.sms.cmpp.pdus import Version

SHANGHAI = ZoneInfo("Asia/Shanghai")


def timestamp_of(now: datetime) -> int:
    """MMDDHHMMSS in Asia/Shanghai, as a number."""
    return int(f"{now.astimezone(SHANGHAI):%m%d%H%M%S}")


def authenticator_source(source_addr: str, secret: str, timestamp: int) -> bytes:
    """What CONNECT carries; 16 octets."""
    told = source_addr.encode("ascii") + bytes(9) + secret.encode() + b"%010d" % timestamp
    return hashlib.md5(told, usedforsecurity=False).digest()


def authenticator_ismg(
    status: int, authenticator_source: bytes, secret: str, version: Version
) -> bytes:
    """What CONNECT_RESP should carry; 16 octets. Gateways differ: a wrong one is worth a warning,
    not a refusal."""
    told = status.to_bytes(4 if version.is_3 else 1, "big")
    told += authenticator_source + secret.encode()
    return hashlib.md5(told, usedforsecurity=False).digest()
