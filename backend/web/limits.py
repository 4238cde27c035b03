"""How much a request may carry."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from backend.web.markers import largest_body

# Officials write answers; what takes a file says so (markers.takes_body).
LARGEST_BODY = 64 * 1024


@web.middleware
async def body_limit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Reading more of a body, announced or chunked, than the route takes raises 413.

    Stands first: what comes after must all see the same request, and this is a copy.
    """
    return await handler(request.clone(client_max_size=largest_body(request, LARGEST_BODY)))
