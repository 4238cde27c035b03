"""The encryption of the compatible and the safe mode (Tencent, "消息加解密说明").

key = b64decode(EncodingAESKey + "="), iv = key[:16], AES-256-CBC. Plain: 16 random bytes, the
message's length (u32, big-endian), the message, the AppID; padded as PKCS7 does, but to 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK = 32
_AES_BLOCK = 16
_RANDOM = 16
_LENGTH = struct.Struct(">I")
_HEAD = _RANDOM + _LENGTH.size
_ENCODING_KEY = re.compile(r"[A-Za-z0-9+/]{43}")


class DecryptError(ValueError):
    """No key of the account opens this, or it is meant for another account. Says nothing of the
    content."""


@dataclass(frozen=True, slots=True)
class EncodingKey:
    """One EncodingAESKey. Raises ValueError when it is not 43 characters of base 64."""

    text: str = field(repr=False)
    _cipher: Cipher[CBC] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not _ENCODING_KEY.fullmatch(self.text):
            raise ValueError("an EncodingAESKey is 43 letters and digits")
        # The last character holds two bits too many; every client lets them be.
        key = base64.b64decode(self.text + "=", validate=False)
        object.__setattr__(self, "_cipher", Cipher(AES(key), CBC(key[:_AES_BLOCK])))

    def encrypt(self, padded: bytes) -> bytes:
        encryptor = self._cipher.encryptor()
        return encryptor.update(padded) + encryptor.finalize()

    def decrypt(self, encrypted: bytes) -> bytes:
        decryptor = self._cipher.decryptor()
        return decryptor.update(encrypted) + decryptor.finalize()


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted message and the key that opened it, which the answer is encrypted with."""

    message: bytes
    key: EncodingKey


# Not frozen, though never changed: every encrypted push waits for one.
@dataclass(slots=True)
class Seal:
    """What an encrypted push was signed and encrypted with, and so has to be its reply."""

    token: str = field(repr=False)
    key: EncodingKey


class MessageCipher:
    """`keys`: the current one first, then the previous one, while WeChat changes over."""

    def __init__(self, app_id: str, keys: Sequence[EncodingKey]) -> None:
        self._app_id = app_id.encode()
        self._keys = keys

    def decrypt(self, encrypted: str) -> Opened:
        """`encrypted` is the base 64 text of a push's `Encrypt`. Raises DecryptError."""
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError) as error:
            raise DecryptError("not base 64") from error
        if not sealed or len(sealed) % _AES_BLOCK:
            raise DecryptError("not whole blocks")
        for key in self._keys:
            message = self._message_of(key.decrypt(sealed))
            if message is not None:
                return Opened(message, key)
        raise DecryptError("no key fits, or another AppID")

    def encrypt(self, message: bytes, key: EncodingKey, *, prefix: bytes = b"") -> str:
        """Base 64 text. `prefix`: the 16 random bytes, made here unless a test gives them."""
        head = (prefix or secrets.token_bytes(_RANDOM)) + _LENGTH.pack(len(message))
        plain = head + message + self._app_id
        padding = BLOCK - len(plain) % BLOCK
        return base64.b64encode(key.encrypt(plain + bytes([padding]) * padding)).decode("ascii")

    def _message_of(self, plain: bytes) -> bytes | None:
        """None unless padding, length and AppID are all as they have to be."""
        padding = plain[-1]
        if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
            return None
        content = plain[:-padding]
        if len(content) < _HEAD:
            return None
        end = _HEAD + _LENGTH.unpack_from(content, _RANDOM)[0]
        if end > len(content) or not hmac.compare_digest(content[end:], self._app_id):
            return None
        return content[_HEAD:end]
