"""The record of the citizen behind a petition."""

from __future__ import annotations

from aiohttp import web

from backend.console.petition_page import domain_name
from backend.console.rendering import render
from backend.console.wording import due
from backend.petitions.citizen_record import IdentityHidden, citizen_record
from backend.web.dependencies import dependencies
from backend.web.sessions import require_session


async def show(request: web.Request) -> web.StreamResponse:
    """GET /petitions/{number}/citizen: 404 for a petition one does not see, 403 where one works
    on it without knowing who wrote it."""
    deps, session = dependencies(request), require_session(request)
    number, now = request.match_info["number"], deps.clock.now()
    async with deps.database.write() as connection:  # that it was looked at is written down
        try:
            record = await citizen_record(connection, session.actor, number, now)
        except IdentityHidden as error:
            raise web.HTTPForbidden from error
    if record is None:
        raise web.HTTPNotFound
    rows = [
        {
            "one": one,
            "domain_name": domain_name(deps, one.domain),
            "due": due(one.state, one.due_on, now, deps.rules.calendar),
        }
        for one in record.petitions
    ]
    return render(request, "citizen.html", {"number": number, "record": record, "rows": rows})
