"""JSON bodies: read once, whole and well-formed, before any handler sees them."""

from __future__ import annotations

import json

from aiohttp import web
from aiohttp.typedefs import Handler

from backend.web.errors import refuse
from backend.web.sessions import SAFE_METHODS

JSON = "application/json"


@web.middleware
async def json_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """415 for a body that is not JSON in UTF-8, 400 for one that cannot be parsed.

    Asking for JSON by its content type also keeps other sites' forms out: they cannot send it.
    """
    if request.method in SAFE_METHODS or request.match_info.http_exception is not None:
        return await handler(request)
    body = await request.read()
    if body or request.method == "POST":
        if request.content_type != JSON or (request.charset or "utf-8").lower() != "utf-8":
            raise refuse(415, "正文要用 JSON（application/json，UTF-8）。")
        try:
            json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise refuse(400, "正文不是合法的 JSON。") from None
    return await handler(request)
