"""The way in: to the provider, which knows the citizen, and back with a code.

The state that goes along is tied to this browser by a cookie, so that nobody can be made to look at
another's pages (log-in CSRF), and says where to go on; it is used up by coming back.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

import structlog
from aiohttp import hdrs, web
from sqlalchemy.exc import IntegrityError

from backend.citizen_pages.dependencies import CitizenPages, pages_of
from backend.citizen_pages.rendering import render
from backend.citizen_pages.signing import same
from backend.citizen_pages.visitor import welcome
from backend.conversation.addresses import find_or_open, load_accounts
from backend.ports import LoginRefused, LoginUnavailable
from backend.web.client import client_ip
from backend.web.errors import refuse
from backend.web.markers import public

COOKIE = "xiangyin_entry"
PURPOSE = "entry"
GOOD_FOR = timedelta(minutes=10)
LONGEST_CODE = 512
RACES = 3

log = structlog.get_logger(__name__)


def to_provider(request: web.Request) -> web.StreamResponse:
    """Send a browser to prove who it is, to come back to the page it asked for."""
    pages, name = pages_of(request), request.match_info["account"]
    if request.method not in ("GET", "HEAD"):
        # A form may lead nowhere but to us (CSP), and what it held would be lost on the way.
        return _page(request, 401, "over")
    state = secrets.token_hex(16)
    back = f"{pages.public_url}{_path(request, 'entry')}"
    response = web.Response(
        status=302,
        headers={hdrs.LOCATION: pages.logins[name].authorize_url(back, state)},
    )
    response.set_cookie(
        COOKIE,
        pages.signer.sign(PURPOSE, {"state": state, "to": request.path}, GOOD_FOR),
        path=_path(request, "petitions"),
        max_age=int(GOOD_FOR.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=pages.secure_cookies,
    )
    return response


@public
async def entry(request: web.Request) -> web.StreamResponse:
    """GET /me/{account}/entry?code&state: back from the provider, and on to the page."""
    pages, name = pages_of(request), request.match_info["account"]
    if not pages.entries_per_address.allow(client_ip(request, pages.trusted_proxies)):
        raise refuse(429, "")
    facts = pages.signer.read(PURPOSE, request.cookies.get(COOKIE, ""))
    code = request.query.get("code", "")
    if facts is None or not same(request.query.get("state", ""), facts["state"]):
        return _used_up(request, _page(request, 403, "begin_anew"))
    if not 1 <= len(code) <= LONGEST_CODE:
        return _used_up(request, _page(request, 403, "begin_anew"))
    try:
        known_as = await pages.logins[name].identify(code)
    except LoginRefused as refused:
        log.info("citizen_pages.refused", account=name, reason=str(refused))
        return _used_up(request, _page(request, 403, "begin_anew"))
    except LoginUnavailable as away:
        log.warning("citizen_pages.provider_away", account=name, reason=str(away))
        return _used_up(request, _page(request, 503, "provider_away"))
    response = web.Response(status=303, headers={hdrs.LOCATION: str(facts["to"])})
    address_id = await _address(pages, name, known_as)
    welcome(response, pages, address_id, _path(request, "petitions"))
    return _used_up(request, response)


async def _address(pages: CitizenPages, name: str, known_as: str) -> int:
    """The visitor's address; one who never wrote gets theirs now."""
    for race in range(RACES):
        try:
            async with pages.database.write() as connection:
                account = (await load_accounts(connection))[name]
                wanted = [(account, known_as)]
                found = await find_or_open(connection, wanted, pages.clock.now())
                return found[account.id, known_as].id
        except IntegrityError:
            # Their first message arrives at this moment.
            if race == RACES - 1:
                raise
    raise AssertionError("unreachable")


def _page(request: web.Request, status: int, which: str) -> web.Response:
    words = pages_of(request).texts.entry[which]
    home = _path(request, "petitions")
    return render(request, "notice.html", {**words, "home": home}, status=status)


def _used_up(request: web.Request, response: web.Response) -> web.Response:
    response.del_cookie(COOKIE, path=_path(request, "petitions"))
    return response


def _path(request: web.Request, name: str) -> str:
    return str(request.app.router[name].url_for(account=request.match_info["account"]))
