"""The second step of the log-in: the code of the authenticator app."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import hdrs, web

from backend.console.forms import words
from backend.console.rendering import render
from backend.organisation.code_login import ChallengeOver
from backend.organisation.lockout import Locked
from backend.organisation.secret_box import SecretUnreadable
from backend.organisation.sessions import CodeNeeded, LoggedIn
from backend.web.dependencies import dependencies
from backend.web.login import CODE_LENGTH, TooManyAttempts, try_code
from backend.web.markers import own_csrf, public
from backend.web.posted_form import posted_form
from backend.web.sessions import (
    CHALLENGE_COOKIE,
    CSRF_FIELD,
    CsrfRefused,
    login_form_is_ours,
    login_token,
    safe_next,
    set_challenge_cookie,
    set_login_cookie,
    set_session_cookie,
)
from backend.web.texts import TEXTS

HOME = "/console/"
LOGIN = "/console/login"
PATH = f"{LOGIN}/code"


def ask_for_code(request: web.Request, needed: CodeNeeded, next_path: str) -> web.StreamResponse:
    """Send a browser whose password was right to the code's form."""
    target = safe_next(next_path, HOME)
    query = f"?next={quote(target, safe='')}" if target else ""
    response = web.Response(status=303, headers={hdrs.LOCATION: PATH + query})
    secure = dependencies(request).secure_cookies
    set_challenge_cookie(response, needed.challenge, PATH, secure=secure)
    return response


@public
async def code_page(request: web.Request) -> web.StreamResponse:
    """GET: the form; whoever has not given the password yet goes back."""
    if not request.cookies.get(CHALLENGE_COOKIE):
        raise web.HTTPSeeOther(LOGIN)
    return _form(request, next_path=request.query.get("next", ""))


def _form(
    request: web.Request, *, next_path: str, error: str | None = None, status: int = 200
) -> web.Response:
    token = login_token(request)
    context = {
        "login_token": token,
        "next": safe_next(next_path, HOME),
        "error": error,
        "longest": CODE_LENGTH,
    }
    response = render(request, "login_code.html", context, status=status)
    set_login_cookie(response, token, LOGIN, secure=dependencies(request).secure_cookies)
    return response


@public
@own_csrf
async def give_code(request: web.Request) -> web.StreamResponse:
    """POST: open the session, or say that the code is wrong."""
    form = await posted_form(request)
    if not login_form_is_ours(request, words(form, CSRF_FIELD)):
        raise CsrfRefused
    deps, errors = dependencies(request), request.app[TEXTS].errors
    next_path = words(form, "next")
    challenge = request.cookies.get(CHALLENGE_COOKIE, "")
    try:
        result = await try_code(request, deps, challenge, words(form, "code"))
    except SecretUnreadable:
        return _form(request, next_path=next_path, error=errors["totp_unreadable"], status=422)
    if isinstance(result, LoggedIn):
        target = safe_next(next_path, HOME) or HOME
        response = web.Response(status=303, headers={hdrs.LOCATION: target})
        set_session_cookie(response, result, secure=deps.secure_cookies)
        response.del_cookie(CHALLENGE_COOKIE, path=PATH)
        return response
    if isinstance(result, Locked | TooManyAttempts):
        return _form(request, next_path=next_path, error=errors["login_locked"], status=429)
    problem = "code_over" if isinstance(result, ChallengeOver) else "code"
    return _form(request, next_path=next_path, error=errors[problem], status=422)


ROUTES = (
    web.get("/login/code", code_page, name="login_code"),
    web.post("/login/code", give_code),
)
