"""Asks the bot for one turn."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp

TURN_SECONDS = 8.0


class BotUnavailable(Exception):
    """The bot did not answer, or not as the contract says; the turn is tried again later."""


class BotClient:
    """`POST /turn` over a Unix socket (`socket`) or loopback (`url`)."""

    def __init__(self, *, socket: str = "", url: str = "") -> None:
        self._socket = socket
        self._url = url.rstrip("/") or "http://bot"
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        connector: aiohttp.BaseConnector
        if self._socket:
            connector = aiohttp.UnixConnector(path=self._socket, limit=64)
        else:
            connector = aiohttp.TCPConnector(limit=64)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=TURN_SECONDS)
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        """The bot's answer (turn_response.schema.json). Raises BotUnavailable."""
        return await self._call("POST", "/turn", request)

    async def health(self) -> dict[str, Any]:
        """What the bot says of itself. Raises BotUnavailable."""
        return await self._call("GET", "/health", None)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        if self._session is None:
            raise BotUnavailable("not started")
        try:
            async with self._session.request(method, self._url + path, json=body) as response:
                answer = await response.read()
                if response.status != 200:
                    raise BotUnavailable(f"status {response.status}")
                decoded = json.loads(answer)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise BotUnavailable(type(error).__name__) from error
        if not isinstance(decoded, dict):
            raise BotUnavailable("not an object")
        return decoded
