"""Asking the parts of a running Xiangyin whether they are well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from xiangyin.child import Health

SECONDS = 3.0


async def ask_http(
    url: str, *, socket: Path | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """GET `url`: status and JSON body (None where it is none). Raises OSError when nobody
    answers within `SECONDS`."""
    connector = aiohttp.UnixConnector(str(socket)) if socket else aiohttp.TCPConnector()
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get(url, headers=headers) as response,
        ):
            is_json = response.content_type == "application/json"
            return response.status, await response.json() if is_json else None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OSError(f"{url}: {type(error).__name__}") from error


async def http_health(url: str, *, socket: Path | None = None) -> Health:
    """READY on 200."""
    try:
        status, _body = await ask_http(url, socket=socket)
    except OSError:
        return Health.SILENT
    return Health.READY if status == 200 else Health.NOT_READY


async def redis_health(url: str) -> Health:
    """READY on PONG; NOT_READY where it answers with an error (no permission)."""
    try:
        async with Redis.from_url(
            url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
        ) as it:
            await it.ping()
    except (OSError, RedisConnectionError, RedisTimeoutError):
        return Health.SILENT
    except RedisError:
        return Health.NOT_READY
    return Health.READY
