"""A nonce is good for one message: a retry bears the same, whoever replays a URL has another body.

What one process has seen the others ask the shared store for. A push that is signed whole cannot
be given another body, so for that the process's own memory is enough.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import structlog

from backend.ports import SharedStore
from channels.wechat.admission import WINDOW

log = structlog.get_logger(__name__)

REMEMBERED = 50_000
# No request is taken outside the window, so no nonce need be known for longer.
NONCE_SECONDS = 2 * WINDOW.total_seconds()


class Replays:
    """Of one account, in this process and in all."""

    def __init__(self, account: str, shared: SharedStore) -> None:
        self._account = account
        self._shared = shared
        self._nonces: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def is_replay(
        self, query: Mapping[str, str], external_id: str, *, signed_whole: bool
    ) -> bool:
        """Whether the request's nonce was already used for another message."""
        used = (query.get("timestamp", ""), query.get("nonce", ""))
        first = self._nonces.get(used)
        if first is None:
            if self._shared.reaches_others and not signed_whole:
                first = await self._known_to_all(query.get("signature", ""), external_id)
            # Another request with it may have come while this one asked.
            first = self._nonces.setdefault(used, first or external_id)
            if len(self._nonces) > REMEMBERED:
                self._nonces.popitem(last=False)
        return first != external_id

    async def _known_to_all(self, signature: str, external_id: str) -> str | None:
        """What the nonce was first used for; None where nobody can tell."""
        # The signature is checked by now, and so is one with timestamp and nonce.
        key = f"wechat:{self._account}:nonce:{signature}"
        try:
            return await self._shared.add(key, external_id, seconds=NONCE_SECONDS)
        except Exception as error:  # noqa: BLE001 - the port names no errors; any means: absent
            log.warning("wechat.shared_store_lost", error=type(error).__name__)
            return None
