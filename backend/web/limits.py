"""How much a request may carry."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

# Officials write answers, not files.
LARGEST_BODY = 64 * 1024


@web.middleware
async def body_limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reading more than `LARGEST_BODY` bytes of a body, announced or chunked, raises 413.

    Stands first: what comes after must all see the same request, and this is a copy.
    """
    return await handler(request.clone(client_max_size=LARGEST_BODY))
