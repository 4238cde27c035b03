"""The page itself, under /simulator: one for all simulator accounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

from aiohttp import web

from channels.simulator.channel import SimulatorChannel, presets

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def page_routes(channels: Sequence[SimulatorChannel]) -> Sequence[web.RouteDef]:
    """GET /simulator and its files. Give all simulator accounts, in the order of their tabs."""
    accounts = {
        "accounts": [
            {
                "account": channel.account.name,
                "persona": channel.persona.value,
                "title": channel.title,
                "base": f"/channels/simulator/{channel.account.name}",
            }
            for channel in channels
        ],
        "places": presets()["places"],
        "samples": presets()["samples"],
    }
    listing = json.dumps(accounts, ensure_ascii=False)
    static = {
        file.name: file.read_bytes()
        for file in files(__package__).joinpath("static").iterdir()
        if file.name[file.name.rfind(".") :] in TYPES
    }

    async def slash(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("/simulator/")

    async def page(request: web.Request) -> web.Response:
        return _file("index.html")

    async def settings(request: web.Request) -> web.Response:
        return web.json_response(text=listing, headers=HEADERS)

    async def file(request: web.Request) -> web.Response:
        return _file(request.match_info["file"])

    def _file(name: str) -> web.Response:
        body = static.get(name)
        if body is None:
            raise web.HTTPNotFound
        kind = TYPES[name[name.rfind(".") :]]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    return [
        web.get("/simulator", slash),
        web.get("/simulator/", page),
        web.get("/simulator/accounts.json", settings),
        web.get("/simulator/{file}", file),
    ]
