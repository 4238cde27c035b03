"""How the installation is: channels, bot, queues and what went wrong lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from backend.console.rendering import render
from backend.conversation import backlog
from backend.organisation.roles import Permission, may
from backend.web.dependencies import dependencies
from backend.web.sessions import require_session


async def show(request: web.Request) -> web.StreamResponse:
    """GET /health, for those who run the installation."""
    deps, session = dependencies(request), require_session(request)
    if not may(session.actor.role, Permission.SEE_HEALTH):
        raise web.HTTPForbidden
    now = deps.clock.now()
    async with deps.database.read() as connection:
        context: dict[str, Any] = {
            "lines": await backlog.lines(connection, now),
            "troubles": await backlog.troubles(connection, now),
        }
    health = dict(await deps.health())
    health["channels"] = {name: _shown(one) for name, one in health["channels"].items()}
    health["carriers"] = [
        {**one, "changed_at": datetime.fromisoformat(one["changed_at"])}
        for one in health["carriers"]
    ]
    parts = [health["bot"], *health["channels"].values()]
    context["well"] = all(one["ok"] for one in parts) and not health["spooling"]
    return render(request, "health.html", {"here": "health", "health": health, **context})


def _shown(channel: Mapping[str, Any]) -> dict[str, Any]:
    """A channel's own facts; what only some have (sessions, the last error) may be missing."""
    at = channel.get("last_error_at")
    known = {"sessions": (), "last_error": ""}
    return known | {**channel, "last_error_at": datetime.fromisoformat(at) if at else None}
