"""The bot's internal front: POST /turn and GET /health, on a Unix socket or loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.engine import Engine, TurnFailed
from bot.turn_request import LARGEST_BODY, BadTurnRequest, decode_turn_request

log = logging.getLogger("bot")

DRAIN_SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Address:
    """Where to listen: a Unix socket's path, or a loopback host and port."""

    socket: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0

    def __str__(self) -> str:
        return str(self.socket) if self.socket else f"http://{self.host}:{self.port}"


class Front:
    """The handlers; counts the turns."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._started = time.monotonic()
        self._turns = 0
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def application(self) -> web.Application:
        """The two routes and nothing else."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/turn", self.turn)
        app.router.add_get("/health", self.health)
        return app

    async def turn(self, request: web.Request) -> web.Response:
        """200 with a response; 400, 413 for what is no turn; 500 when the turn failed, and then
        nothing of it counts."""
        try:
            with self._counted():
                response = await self._engine.turn(decode_turn_request(await request.read()))
        except BadTurnRequest as error:
            return _json({"error": str(error)}, status=400)
        except TurnFailed as error:
            log.error("turn failed: %s", error)
            return _json({"error": f"turn failed: {error}"}, status=500)
        self._turns += 1
        return _json(response)

    async def drained(self) -> None:
        """Return when no turn is under way."""
        await self._idle.wait()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._under_way += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def health(self, request: web.Request) -> web.Response:
        """Which model answers, for how long, and how many turns it made."""
        return _json(
            {
                "ok": True,
                "model": self._engine.model_id,
                "uptime": round(time.monotonic() - self._started, 1),
                "turns": self._turns,
            }
        )


async def serve(engine: Engine, address: Address) -> None:
    """Answer until SIGTERM or SIGINT; then finish the turns under way and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    front = Front(engine)
    runner = web.AppRunner(front.application(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = await _listen(runner, address)
        log.info("bot: model %s on %s", engine.model_id, address)
        await stop.wait()
        await site.stop()
        # aiohttp's own shutdown stops reading at once; a turn half received would be lost.
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(front.drained(), DRAIN_SECONDS)
    finally:
        await runner.cleanup()
        if address.socket is not None:
            address.socket.unlink(missing_ok=True)


async def _listen(runner: web.AppRunner, address: Address) -> web.BaseSite:
    if address.socket is None:
        tcp = web.TCPSite(runner, address.host, address.port)
        await tcp.start()
        return tcp
    address.socket.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        # Left behind by a process that was killed.
        address.socket.unlink()
    # Citizens' words pass here: no other user of the machine may connect.
    previous = os.umask(0o177)
    unix = web.UnixSite(runner, str(address.socket))
    try:
        await unix.start()
    finally:
        os.umask(previous)
    return unix


def _json(content: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(
        body=json.dumps(content).encode("ascii"), status=status, content_type="application/json"
    )
