"""What channels share whose provider is spoken to by HTTP: requests out, callbacks in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from aiohttp import web

from backend.ports import MediaContent, MediaRef, MediaUnavailable, Outbound, SendResult


class HttpSender(Protocol):
    """Used between `open` and `close`."""

    def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, message: Outbound) -> SendResult: ...


class HttpCallbacks(Protocol):
    def routes(self) -> Sequence[web.RouteDef]: ...


class HttpChannel(ABC):
    """Implements `backend.ports.Channel`, but for its health."""

    def __init__(self, sender: HttpSender, callbacks: HttpCallbacks) -> None:
        self._sender = sender
        self._callbacks = callbacks

    @property
    def idempotent(self) -> bool:
        """A request carries no id of ours that the provider would refuse twice."""
        return False

    def routes(self) -> Sequence[web.RouteDef]:
        return self._callbacks.routes()

    async def start(self) -> None:
        self._sender.open()

    async def close(self) -> None:
        await self._sender.close()

    async def send(self, message: Outbound) -> SendResult:
        return await self._sender.send(message)

    async def fetch_media(self, ref: MediaRef) -> MediaContent:
        raise MediaUnavailable("sms carries no media", permanent=True)

    @abstractmethod
    async def health(self) -> dict[str, Any]: ...
