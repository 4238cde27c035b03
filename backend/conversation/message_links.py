"""The address of the page where a citizen reads one message: told by text message where the message
itself cannot be (approved templates have room for a link, not for an answer). Who has the link has
the message, as who has the phone would."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from functools import cached_property

from backend.organisation.secret_box import SecretBox

PURPOSE = "message link"
PATH = "/me/m/"
# 80 bits, and short enough for the 35 characters that gateways allow a variable.
MARK_DIGITS = 20
TOKEN = r"[0-9]{1,14}-[0-9a-f]{20}"  # noqa: S105 - the shape of one
_TOKEN = re.compile(TOKEN)


class MessageLinks:
    """`public_url`: our address as citizens reach it, '' where they cannot."""

    def __init__(self, secret_key: Callable[[], bytes], public_url: str) -> None:
        self._secret_key = secret_key
        self._public_url = public_url

    def link(self, outbox_id: int) -> str:
        """'' where there is no address."""
        if not self._public_url:
            return ""
        return f"{self._public_url}{PATH}{outbox_id}-{self._mark(outbox_id)}"

    def read(self, token: str) -> int | None:
        """The outbox row's id; None where the token is not ours."""
        if not _TOKEN.fullmatch(token):
            return None
        id_, _, given = token.partition("-")
        # Written one way only: no zeros in front.
        known = str(int(id_)) == id_ and hmac.compare_digest(given, self._mark(int(id_)))
        return int(id_) if known else None

    @cached_property
    def _box(self) -> SecretBox:
        return SecretBox(self._secret_key(), PURPOSE)

    def _mark(self, outbox_id: int) -> str:
        return self._box.mark("", outbox_id)[:MARK_DIGITS]
