"""The body of a request to a callback, read within bounds of size and time."""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

MAX_BODY_SECONDS = 5.0


async def read_body(request: web.Request, *, most: int) -> bytes:
    """Raises the HTTP error to answer with: over `most` bytes, compressed, slow or broken."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType(text="compressed bodies are not read\n")
    body = bytearray()
    try:
        async with asyncio.timeout(MAX_BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(most, len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text="body too slow\n") from error
    except (web.RequestPayloadError, ClientPayloadError, HttpProcessingError) as error:
        raise web.HTTPBadRequest(text="broken body\n") from error
    return bytes(body)
