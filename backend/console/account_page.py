"""An official's own account: password, authenticator app, where they are logged in."""

from __future__ import annotations

from aiohttp import web

from backend.console.browser_words import browser_words
from backend.console.rendering import render
from backend.organisation.own_sessions import end_other_sessions, end_own_session, open_sessions
from backend.organisation.totp import totp_state
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.markers import while_totp_missing
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

PATH = "/console/account"
DONE = ("session_ended", "others_ended", "totp_off")


@while_totp_missing
async def account(request: web.Request) -> web.StreamResponse:
    """GET: the page."""
    deps, session = dependencies(request), require_session(request)
    user_id = session.actor.user_id
    async with deps.database.read() as connection:
        state = await totp_state(connection, user_id)
        sessions = await open_sessions(connection, user_id, deps.clock.now())
    done = request.query.get("done", "")
    context = {
        "totp": state,
        "totp_required": session.actor.role in deps.totp_roles,
        "sessions": [
            {"row": each, "browser": browser_words(each.agent), "here": each.id == session.id}
            for each in sessions
        ],
        "notice": request.app[TEXTS].done[done] if done in DONE else None,
    }
    return render(request, "account.html", context)


@while_totp_missing
async def end_one(request: web.Request) -> web.StreamResponse:
    """POST: log out in one other place."""
    deps, session = dependencies(request), require_session(request)
    async with deps.database.write() as connection:
        ended = await end_own_session(
            connection, session.actor.user_id, int(request.match_info["id"]), deps.clock.now()
        )
    if not ended:
        raise refuse(404, "")
    raise web.HTTPSeeOther(f"{PATH}?done=session_ended")


@while_totp_missing
async def end_others(request: web.Request) -> web.StreamResponse:
    """POST: log out everywhere but here."""
    deps, session = dependencies(request), require_session(request)
    async with deps.database.write() as connection:
        await end_other_sessions(connection, session.actor.user_id, session.id, deps.clock.now())
    raise web.HTTPSeeOther(f"{PATH}?done=others_ended")


ROUTES = (
    web.get("/account", account, name="account"),
    web.post("/account/sessions/{id:[0-9]{1,18}}/end", end_one, name="end_session"),
    web.post("/account/sessions/end-others", end_others, name="end_other_sessions"),
)
