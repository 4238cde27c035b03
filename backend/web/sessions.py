"""The session of a request: found by its cookie, required by default, guarded by a CSRF token."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from backend.database.engine import Database
from backend.organisation.sessions import LoggedIn, Session, same_csrf, session_of, touch
from backend.ports import Clock
from backend.web.markers import (
    allows_expired_password,
    allows_missing_totp,
    is_public,
    is_unattended,
    proves_itself,
)
from backend.web.posted_form import posted_form

SESSION_COOKIE = "xiangyin_session"
LOGIN_COOKIE = "xiangyin_login"
CHALLENGE_COOKIE = "xiangyin_code"
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
SESSION = web.RequestKey("xiangyin_session", Session)

# What to raise or answer where there is no session, or a password must be changed first.
Turn = Callable[[web.Request], web.StreamResponse]


class CsrfRefused(web.HTTPForbidden):
    """The request carries no valid CSRF token."""


def session_of_request(request: web.Request) -> Session | None:
    """The open session, None on a public route without one."""
    return request.get(SESSION)


def require_session(request: web.Request) -> Session:
    """The open session. Raises HTTPUnauthorized; on a route that is not public it is there."""
    found = session_of_request(request)
    if found is None:
        raise web.HTTPUnauthorized
    return found


def session_middleware(
    database: Database,
    clock: Clock,
    *,
    without: Turn,
    expired_password: Turn,
    totp_roles: Collection[str],
    missing_totp: Turn,
) -> Middleware:
    """Finds the session; turns a request without one away unless its route is public."""

    @web.middleware
    async def find_session(request: web.Request, handler: Handler) -> web.StreamResponse:
        token = request.cookies.get(SESSION_COOKIE, "")
        attended = not is_unattended(request)
        found = await _find(database, clock, token, attended=attended) if token else None
        if found is not None:
            request[SESSION] = found
        if not is_public(request):
            if found is None:
                return without(request)
            if found.must_change_password and not allows_expired_password(request):
                return expired_password(request)
            required = found.actor.role in totp_roles and not found.has_totp
            # First the password, then the app.
            if required and not found.must_change_password and not allows_missing_totp(request):
                return missing_totp(request)
        return await handler(request)

    return find_session


async def _find(database: Database, clock: Clock, token: str, *, attended: bool) -> Session | None:
    now = clock.now()
    async with database.read() as connection:
        found = await session_of(connection, token, now)
    if found is not None and found.stale and attended:
        async with database.write() as connection:
            await touch(connection, found.id, now)
    return found


@web.middleware
async def csrf_guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """403 for a changing request whose header or form field does not hold the session's token."""
    if request.method not in SAFE_METHODS and not proves_itself(request):
        session = session_of_request(request)
        if session is None or not same_csrf(session.csrf_token, await _given_token(request)):
            raise CsrfRefused
    return await handler(request)


async def _given_token(request: web.Request) -> str:
    header = request.headers.get(CSRF_HEADER)
    if header is not None:
        return header
    if request.content_type in FORM_TYPES:
        field = (await posted_form(request)).get(CSRF_FIELD, "")
        return field if isinstance(field, str) else ""
    return ""


def set_session_cookie(response: web.StreamResponse, opened: LoggedIn, *, secure: bool) -> None:
    """A session cookie of the browser: no script sees it, no other site's form sends it."""
    response.set_cookie(
        SESSION_COOKIE, opened.token, path="/", httponly=True, samesite="Lax", secure=secure
    )


def clear_session_cookie(response: web.StreamResponse, *, secure: bool) -> None:
    response.del_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="Lax", secure=secure)


def login_token(request: web.Request) -> str:
    """The token of the log-in form: the one in its cookie, else a new one."""
    return request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(24)


def set_login_cookie(response: web.StreamResponse, token: str, path: str, *, secure: bool) -> None:
    response.set_cookie(
        LOGIN_COOKIE, token, path=path, httponly=True, samesite="Strict", secure=secure
    )


def set_challenge_cookie(
    response: web.StreamResponse, challenge: str, path: str, *, secure: bool
) -> None:
    response.set_cookie(
        CHALLENGE_COOKIE, challenge, path=path, httponly=True, samesite="Strict", secure=secure
    )


def login_form_is_ours(request: web.Request, field: str) -> bool:
    """Before there is a session, cookie and field must agree (double submit)."""
    cookie = request.cookies.get(LOGIN_COOKIE, "")
    return bool(cookie) and same_csrf(cookie, field)


def safe_next(target: str, prefix: str) -> str | None:
    """Where to go after the log-in, if it lies within our own pages."""
    plain = target.startswith(prefix) and "\\" not in target and "//" not in target
    return target if plain and target.isprintable() else None


def to_login(request: web.Request, login_path: str) -> web.StreamResponse:
    """Send a browser to the log-in page; htmx is told by its header, as it follows no redirect."""
    came_from = request.path_qs if request.method == "GET" else ""
    if request.headers.get("HX-Request"):
        return web.Response(status=401, headers={"HX-Redirect": login_path})
    target = f"{login_path}?next={quote(came_from, safe='')}" if came_from else login_path
    return web.Response(status=303, headers={hdrs.LOCATION: target})
