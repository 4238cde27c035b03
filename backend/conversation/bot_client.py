"""Asks the bot for one turn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import aiohttp

TURN_SECONDS = 8.0
# What bot/server.py answers for a turn it cannot do; anything else says that it is away.
FAILED_TURN = (400, 413, 500)


class BotUnavailable(Exception):
    """No bot answered, or not as the contract says; the turn is tried again later."""


class BotRefused(Exception):
    """The bot took this turn and failed at it, and will again: no outage, the turn's own fault."""


class BotClient:
    """`POST /turn` over Unix sockets (one per worker) or to a URL. Any worker can take any turn,
    so they are asked in rotation, and the next one when one is away."""

    def __init__(self, *, sockets: Sequence[str] = (), url: str = "") -> None:
        self._sockets = sockets
        self._url = url.rstrip("/") or "http://bot"
        self._sessions: list[aiohttp.ClientSession] = []
        self._next = 0

    async def start(self) -> None:
        connectors: list[aiohttp.BaseConnector] = [
            aiohttp.UnixConnector(path=path, limit=64) for path in self._sockets
        ] or [aiohttp.TCPConnector(limit=64)]
        timeout = aiohttp.ClientTimeout(total=TURN_SECONDS)
        self._sessions = [
            aiohttp.ClientSession(connector=connector, timeout=timeout) for connector in connectors
        ]

    async def close(self) -> None:
        for session in self._sessions:
            await session.close()

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        """The bot's answer (turn_response.schema.json). Raises BotUnavailable, BotRefused."""
        return await self._call("POST", "/turn", request)

    async def health(self) -> dict[str, Any]:
        """What a bot worker says of itself. Raises BotUnavailable, BotRefused."""
        return await self._call("GET", "/health", None)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        self._next += 1
        reason = "not started"
        for turned in range(len(self._sessions)):
            session = self._sessions[(self._next + turned) % len(self._sessions)]
            try:
                return await self._ask(session, method, path, body)
            except aiohttp.ClientConnectorError as error:
                reason = type(error).__name__
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise BotUnavailable(type(error).__name__) from error
        raise BotUnavailable(reason)

    async def _ask(
        self, session: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any] | None
    ) -> dict[str, Any]:
        async with session.request(method, self._url + path, json=body) as response:
            answer = await response.read()
            if response.status in FAILED_TURN:
                raise BotRefused(f"status {response.status}")
            if response.status != 200:
                raise BotUnavailable(f"status {response.status}")
            decoded = json.loads(answer)
        if not isinstance(decoded, dict):
            raise BotUnavailable("not an object")
        return decoded
