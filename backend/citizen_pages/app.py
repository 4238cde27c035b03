"""Citizens' pages as a sub-application under /me. Every route needs a session but the way in, a
message's own page, the style sheet and what is not there."""

from __future__ import annotations

from aiohttp import web

from backend.citizen_pages import entry, message_page, pages, rating, rendering, thumbnails
from backend.citizen_pages.dependencies import PAGES, CitizenPages
from backend.citizen_pages.rendering import render, setup_templates
from backend.citizen_pages.visitor import visitor_middleware
from backend.conversation.message_links import TOKEN
from backend.web.errors import error_boundary
from backend.web.headers import security_headers
from backend.web.limits import body_limit

PREFIX = "/me"
ACCOUNT = "/{account:[a-z0-9_-]{1,32}}"
MESSAGE = f"/m/{{token:{TOKEN}}}"
PETITION = ACCOUNT + "/petitions/{number:[0-9-]{1,24}}"


def setup_citizen_pages(app: web.Application, deps: CitizenPages) -> web.Application:
    """Hang the pages under /me of `app`; the sub-application."""
    texts = deps.texts

    async def render_error(request: web.Request, status: int, words: str) -> web.Response:
        heading, body = texts.error(status)
        context = {"heading": heading, "body": words or body, "home": None}
        return render(request, "notice.html", context, status=status)

    citizens = web.Application(
        middlewares=[
            body_limit,
            security_headers,
            error_boundary(render_error),
            visitor_middleware(entry.to_provider),
        ]
    )
    citizens[PAGES] = deps
    citizens.add_routes(
        [
            web.get("/style/{digest:[0-9a-f]{16}}", rendering.style, name="style"),
            # No HEAD: whoever only tries a link has not read the message.
            web.get(MESSAGE, message_page.message, name="message", allow_head=False),
            web.get(ACCOUNT + "/", pages.petitions, name="petitions"),
            web.get(ACCOUNT + "/entry", entry.entry, name="entry"),
            web.get(PETITION, pages.petition, name="petition"),
            web.post(PETITION + "/rating", rating.rate_answer, name="rating"),
            web.get(ACCOUNT + "/media/{id:[0-9]{1,18}}", thumbnails.thumbnail, name="photo"),
        ]
    )
    app.add_subapp(PREFIX, citizens)
    setup_templates(citizens, texts)
    return citizens
