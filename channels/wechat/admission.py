"""Which requests come from WeChat: signature, freshness, encryption. Pure; what it lets in is
decoded elsewhere.

A plain push is signed over token, timestamp and nonce only, so whoever sees one URL could send
other bodies to it: hence the window, and that a nonce is good for one message (replays.py). An
encrypted push is signed whole (`msg_signature`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.wechat.encryption import DecryptError, MessageCipher, Seal
from channels.wechat.push_body import DecodeError, PushFormat, parse_push
from channels.wechat.reply import sealed_reply
from channels.wechat.signature import is_signed, is_signed_over

WINDOW = timedelta(minutes=5)
"""How far WeChat's clock and ours may lie apart; its three tries take 15 s."""


class Refused(Exception):
    """Not let in. `reason` for the log; the content is never in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotFresh(Refused):
    """Signed, but the timestamp lies `apart` from our clock: an old request, or a wrong clock."""

    def __init__(self, apart: timedelta) -> None:
        super().__init__("timestamp out of the window")
        self.apart = apart


class NotReadable(Refused):
    """The account's mode and our settings do not go together. `encrypted`: what came."""

    def __init__(self, reason: str, *, encrypted: bool) -> None:
        super().__init__(reason)
        self.encrypted = encrypted


@dataclass(slots=True)
class Admitted:
    """`body`: the push in plain. `seal`: what it came under, None where it came in plain."""

    body: bytes
    seal: Seal | None


class Admission:
    """For one account. `tokens`: the current one first, then the previous one, while WeChat changes
    over. `cipher` is None where no AES key is set; `accept_plain`: whether plain pushes are taken
    although one is."""

    def __init__(
        self,
        tokens: tuple[str, ...],
        cipher: MessageCipher | None = None,
        *,
        accept_plain: bool = True,
    ) -> None:
        self._tokens = tokens
        self._cipher = cipher
        self._accept_plain = accept_plain or cipher is None

    def echo(self, query: Mapping[str, str]) -> bytes:
        """What to answer when the console checks the URL. Raises Refused. No window: nothing is
        done, and a wrong clock should not look like a wrong token."""
        echo = query.get("echostr", "")
        if "msg_signature" in query and self._cipher is not None:
            self._signer_over(query, echo)
            try:
                return self._cipher.decrypt(echo).message
            except DecryptError as error:
                raise Refused(f"echostr: {error}") from error
        self._signer(query)
        return echo.encode("utf-8", "replace")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> Admitted:
        """Raises Refused (NotFresh, NotReadable)."""
        encrypted = query.get("encrypt_type", "raw") != "raw"
        admitted = self._open_encrypted(query, body) if encrypted else self._plain(query, body)
        apart = _seconds_apart(query.get("timestamp", ""), now)
        if apart is None:
            raise NotFresh(timedelta.max)
        if abs(apart) > WINDOW.total_seconds():
            raise NotFresh(timedelta(seconds=apart))
        return admitted

    def seal(self, reply: bytes, seal: Seal, format: PushFormat, now: datetime) -> bytes:  # noqa: A002
        """The reply to an encrypted push, encrypted and signed as that was."""
        assert self._cipher is not None, "only a cipher gives keys"
        timestamp, nonce = str(int(now.timestamp())), str(secrets.randbelow(10**10))
        encrypted = self._cipher.encrypt(reply, seal.key)
        return sealed_reply(
            encrypted, token=seal.token, timestamp=timestamp, nonce=nonce, format=format
        )

    def _plain(self, query: Mapping[str, str], body: bytes) -> Admitted:
        self._signer(query)
        if not self._accept_plain:
            raise NotReadable("plain, though an AES key is set", encrypted=False)
        return Admitted(body, None)

    def _open_encrypted(self, query: Mapping[str, str], body: bytes) -> Admitted:
        try:
            encrypted = parse_push(body).fields.get("Encrypt", "")
        except DecodeError as error:
            raise Refused(str(error)) from error
        token = self._signer_over(query, encrypted)
        if self._cipher is None:
            raise NotReadable("encrypted, though no AES key is set", encrypted=True)
        try:
            opened = self._cipher.decrypt(encrypted)
        except DecryptError as error:
            raise NotReadable(f"encrypted: {error}", encrypted=True) from error
        return Admitted(opened.message, Seal(token, opened.key))

    def _signer(self, query: Mapping[str, str]) -> str:
        """The token that signed timestamp and nonce. Raises Refused."""
        for token in self._tokens:
            if is_signed(query, token):
                return token
        raise Refused("signature")

    def _signer_over(self, query: Mapping[str, str], encrypted: str) -> str:
        """The token that signed the encrypted text as well. Raises Refused."""
        for token in self._tokens:
            if is_signed_over(query, token, encrypted):
                return token
        raise Refused("signature")


def _seconds_apart(timestamp: str, now: datetime) -> float | None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return None
    return now.timestamp() - int(timestamp)
