"""TC3-HMAC-SHA256, by which Tencent Cloud knows who asks. Pure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "sms"
SIGNED = "content-type;host"


def canonical_request(content_type: str, host: str, body: bytes) -> str:
    """Of a POST to /."""
    headers = f"content-type:{content_type}\nhost:{host}\n"
    return "\n".join(("POST", "/", "", headers, SIGNED, hashlib.sha256(body).hexdigest()))


def string_to_sign(canonical: str, timestamp: int) -> str:
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{_scope(timestamp)}\n{hashed}"


def signature(canonical: str, timestamp: int, secret: str) -> str:
    key = f"TC3{secret}".encode()
    for part in _scope(timestamp).split("/"):
        key = _keyed(key, part)
    return _keyed(key, string_to_sign(canonical, timestamp)).hex()


def authorization(secret_id: str, secret: str, canonical: str, timestamp: int) -> str:
    """The header of that name."""
    signed = signature(canonical, timestamp, secret)
    credential = f"{secret_id}/{_scope(timestamp)}"
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={SIGNED}, Signature={signed}"


def _scope(timestamp: int) -> str:
    """The day counts in UTC."""
    return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d}/{SERVICE}/tc3_request"


def _keyed(key: bytes, told: str) -> bytes:
    return hmac.new(key, told.encode(), hashlib.sha256).digest()
