"""Secrets at rest, sealed with keys derived from the installation's, which is no part of SQL."""

from __future__ import annotations

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """Sealed with another key, or altered: after a restore without the key file, for example."""


class SecretBox:
    """AES-256-GCM. `owner` is bound in: a sealed secret moved to another user does not open."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(_derive(key, f"{purpose}/seal"))
        self._mark = _derive(key, f"{purpose}/mark")

    def seal(self, secret: bytes, owner: int) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, _owner(owner))

    def open(self, sealed: bytes, owner: int) -> bytes:
        """Raises SecretUnreadable."""
        try:
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher.decrypt(nonce, rest, _owner(owner))
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable from error

    def mark(self, secret: str, owner: int) -> str:
        """A keyed hash (hex): who has the table alone cannot try short secrets against it."""
        return hmac.digest(self._mark, _owner(owner) + secret.encode(), "sha256").hex()


def _derive(key: bytes, purpose: str) -> bytes:
    return HKDFExpand(SHA256(), 32, purpose.encode()).derive(key)


def _owner(owner: int) -> bytes:
    return f"{owner}:".encode()
