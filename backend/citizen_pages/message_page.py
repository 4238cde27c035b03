"""One message to a citizen, opened by the link a text message brought."""

from __future__ import annotations

from aiohttp import web

from backend.citizen_pages.dependencies import pages_of
from backend.citizen_pages.rendering import render
from backend.conversation.read_on_page import read_by_link
from backend.web.client import client_ip
from backend.web.errors import refuse
from backend.web.markers import public


@public
async def message(request: web.Request) -> web.StreamResponse:
    """GET /me/m/{token}; 404 for one that is not ours, too old, or another person's by now."""
    pages = pages_of(request)
    if not pages.entries_per_address.allow(client_ip(request, pages.trusted_proxies)):
        raise refuse(429, "")
    outbox_id = pages.message_links.read(request.match_info["token"])
    if outbox_id is None:
        raise web.HTTPNotFound
    async with pages.database.write() as connection:
        found = await read_by_link(connection, outbox_id, pages.clock.now())
    if found is None:
        raise web.HTTPNotFound
    response = render(request, "message.html", {"message": found})
    response.headers["X-Robots-Tag"] = "noindex"
    return response
