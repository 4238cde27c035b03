"""Small facts a browser keeps for us: signed, with an end, each for one purpose."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from backend.ports import Clock

LONGEST = 2048


class Signer:
    """`key` is the installation's secret; what is signed for one purpose is worth nothing for
    another."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = HKDFExpand(SHA256(), 32, b"citizen pages").derive(key)
        self._clock = clock

    def sign(self, purpose: str, facts: Mapping[str, Any], good_for: timedelta) -> str:
        """Text fit for a cookie."""
        until = int((self._clock.now() + good_for).timestamp())
        body = json.dumps({**facts, "until": until}, separators=(",", ":")).encode()
        payload = base64.urlsafe_b64encode(body).decode().rstrip("=")
        return f"{payload}.{self.mark(purpose, payload)}"

    def read(self, purpose: str, signed: str) -> Mapping[str, Any] | None:
        """The facts; None where it is not ours, for something else, or over."""
        payload, _, mark = signed.partition(".")
        if len(signed) > LONGEST or not same(mark, self.mark(purpose, payload)):
            return None
        try:
            body = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
            facts: dict[str, Any] = json.loads(body)
        except (ValueError, binascii.Error):
            return None
        return facts if facts["until"] > self._clock.now().timestamp() else None

    def mark(self, purpose: str, text: str) -> str:
        """A keyed hash (hex)."""
        return hmac.digest(self._key, f"{purpose}\0{text}".encode(), "sha256").hex()


def same(given: str, expected: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
