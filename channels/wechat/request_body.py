"""Reading a request's body within bounds of size and time."""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

MAX_BYTES = 64 * 1024  # the longest real push is a few kilobytes
MAX_SECONDS = 5.0


async def read_body(request: web.Request) -> bytes:
    """Raises web.HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType (compressed body),
    HTTPRequestTimeout, HTTPBadRequest (broken transfer)."""
    if (request.content_length or 0) > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BYTES, request.content_length or 0)
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType
    body = bytearray()
    try:
        if request.content.is_eof() and request.content.exception() is None:
            # All of it came with the head, as WeChat sends it: nothing to wait for.
            return _bounded(request.content.read_nowait())
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in request.content.iter_any():
                body += _bounded(chunk, after=len(body))
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (web.RequestPayloadError, ClientPayloadError, HttpProcessingError) as error:
        raise web.HTTPBadRequest(text="broken body") from error
    return bytes(body)


def _bounded(chunk: bytes, *, after: int = 0) -> bytes:
    size = after + len(chunk)
    if size > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BYTES, size)
    return chunk
