"""The shared store as something that may be away: then a value is simply not there."""

from __future__ import annotations

import asyncio

import structlog

from backend.ports import SharedStore

log = structlog.get_logger(__name__)

CALL_SECONDS = 2.0


class SharedState:
    """`get` and `set` never raise for the store's sake."""

    def __init__(self, store: SharedStore) -> None:
        self._store = store

    async def get(self, key: str) -> str | None:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await self._store.get(key)
        except Exception as error:  # noqa: BLE001 - the port names no errors; any means: absent
            _lost(error)
            return None

    async def set(self, key: str, value: str, *, seconds: float) -> None:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._store.set(key, value, seconds=seconds)
        except Exception as error:  # noqa: BLE001
            _lost(error)


def _lost(error: Exception) -> None:
    log.warning("wechat.shared_store_lost", error=type(error).__name__)
