"""Rating an answer by one tap: the same act as a rating in the chat."""

from __future__ import annotations

from aiohttp import hdrs, web

from backend.citizen_pages.dependencies import pages_of
from backend.citizen_pages.own_petitions import own_petition
from backend.citizen_pages.pages import show
from backend.citizen_pages.visitor import visitor_of
from backend.petitions.citizen_act import CitizenAct
from backend.petitions.followup import AlreadyRated, Rated, rate
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

LEVELS = frozenset({"1", "2", "3", "4", "5"})


async def rate_answer(request: web.Request) -> web.StreamResponse:
    """POST /me/{account}/petitions/{number}/rating with `level` 1 … 5. A second tap on the same
    answer changes nothing."""
    pages, visitor = pages_of(request), visitor_of(request)
    number = request.match_info["number"]
    level = (await posted_form(request)).get("level", "")
    if level not in LEVELS:
        raise refuse(400, "")
    async with pages.database.write() as connection:
        own = await own_petition(connection, visitor.citizen_id, number)
        if own is None:
            raise web.HTTPNotFound
        answered = own.line.answered_at
        result = await rate(
            CitizenAct(
                connection,
                pages.rules,
                visitor.citizen_id,
                number,
                pages.clock.now(),
                # One rating an answer: who sends the form twice says nothing new.
                f"page:{number}:{answered.isoformat() if answered else ''}:rate",
            ),
            int(str(level)),
        )
        # As it is now: a second tap may have waited for the first.
        after = await own_petition(connection, visitor.citizen_id, number)
    if isinstance(result, Rated):
        done = "reopened" if result.reopened else "rated"
    elif isinstance(result, AlreadyRated) or (after and after.line.rating):
        done = "rated_already"
    else:
        return await show(request, "not_now", status=409)
    location = str(
        request.app.router["petition"]
        .url_for(account=visitor.account, number=number)
        .with_query(done=done)
    )
    return web.Response(status=303, headers={hdrs.LOCATION: location})
