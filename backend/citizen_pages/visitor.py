"""Who looks at a page: a citizen whom the account's provider knows, kept in a short session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy import select

from backend.citizen_pages.dependencies import CitizenPages, pages_of
from backend.citizen_pages.signing import same
from backend.conversation.tables import address
from backend.organisation.tables import account
from backend.web.markers import is_public
from backend.web.posted_form import posted_form

COOKIE = "xiangyin_citizen"
PURPOSE = "session"
GOOD_FOR = timedelta(hours=2)
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """A citizen at an address of the account whose pages these are."""

    citizen_id: int
    address_id: int
    account: str
    csrf_token: str


VISITOR = web.RequestKey("xiangyin_visitor", Visitor)
# What to answer where nobody is known.
Unknown = Callable[[web.Request], web.StreamResponse]


class CsrfRefused(web.HTTPForbidden):
    """The form was not ours."""


def visitor_of(request: web.Request) -> Visitor:
    """On every route that is not public there is one."""
    return request[VISITOR]


def visitor_middleware(unknown: Unknown) -> Middleware:
    """Finds the visitor; turns a request without one away unless its route is public. A changing
    request must bear the session's token."""

    @web.middleware
    async def find_visitor(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = request.match_info.get("account")
        pages = pages_of(request)
        if name is not None and name not in pages.logins:
            raise web.HTTPNotFound
        if is_public(request):
            return await handler(request)
        found = await _find(pages, str(name), request.cookies.get(COOKIE, ""))
        if found is None:
            return unknown(request)
        if request.method not in SAFE_METHODS:
            given = (await posted_form(request)).get(CSRF_FIELD, "")
            if not isinstance(given, str) or not same(given, found.csrf_token):
                raise CsrfRefused
        request[VISITOR] = found
        return await handler(request)

    return find_visitor


async def _find(pages: CitizenPages, name: str, cookie: str) -> Visitor | None:
    """A session ends with its time, and with its address: the next person to have it is another
    citizen."""
    facts = pages.signer.read(PURPOSE, cookie) if cookie else None
    if facts is None:
        return None
    async with pages.database.glance() as connection:
        row = (
            await connection.execute(
                select(address.c.citizen_id)
                .join(account, account.c.id == address.c.account_id)
                .where(
                    address.c.id == facts["address"],
                    address.c.ended_at.is_(None),
                    account.c.name == name,
                )
            )
        ).first()
    if row is None:
        return None
    token = pages.signer.mark("csrf", cookie)
    return Visitor(row.citizen_id, facts["address"], name, token)


def welcome(response: web.StreamResponse, pages: CitizenPages, address_id: int, path: str) -> None:
    """Open a session on the account's pages, which lie below `path`."""
    response.set_cookie(
        COOKIE,
        pages.signer.sign(PURPOSE, {"address": address_id}, GOOD_FOR),
        path=path,
        max_age=int(GOOD_FOR.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=pages.secure_cookies,
    )
