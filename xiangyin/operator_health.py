"""The whole health of a running app, for whoever can read the installation's key: the doctor."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from backend.web.markers import public
from xiangyin.settings import Settings

PATH = "/health/details"
PURPOSE = b"xiangyin operator health"


def _proof(settings: Settings) -> str:
    return hmac.new(settings.secret_key(), PURPOSE, hashlib.sha256).hexdigest()


def operator_headers(settings: Settings) -> Mapping[str, str]:
    """What the doctor sends. Raises SecretFileError."""
    return {"Authorization": f"Bearer {_proof(settings)}"}


def operator_health(settings: Settings, health: Callable[[], Awaitable[dict[str, Any]]]) -> Handler:
    """Handler of `PATH`: 200 with `health()` as JSON, 404 without the proof."""
    expected = f"Bearer {_proof(settings)}".encode()

    @public
    async def answer(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, expected):
            raise web.HTTPNotFound
        return web.json_response(await health())

    return answer
