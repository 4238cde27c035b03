"""Log-in, log-out and changing one's own password."""

from __future__ import annotations

from aiohttp import hdrs, web

from backend.console import code_page
from backend.console.forms import words
from backend.console.rendering import render
from backend.organisation.lockout import Locked
from backend.organisation.passwords import PasswordRefused
from backend.organisation.sessions import CodeNeeded, LoggedIn, log_out
from backend.organisation.users import UserRefused, change_password
from backend.web.dependencies import dependencies
from backend.web.login import PASSWORD_LENGTH, TooManyAttempts, try_log_in
from backend.web.markers import own_csrf, public, while_password_expired, while_totp_missing
from backend.web.posted_form import posted_form
from backend.web.sessions import (
    CSRF_FIELD,
    SESSION_COOKIE,
    CsrfRefused,
    clear_session_cookie,
    login_form_is_ours,
    login_token,
    require_session,
    safe_next,
    session_of_request,
    set_login_cookie,
    set_session_cookie,
)
from backend.web.texts import TEXTS

HOME = "/console/"
LOGIN = "/console/login"


@public
async def login_page(request: web.Request) -> web.StreamResponse:
    """GET: the form; someone already logged in goes on."""
    if session_of_request(request) is not None:
        raise web.HTTPSeeOther(HOME)
    texts = request.app[TEXTS]
    notice = texts.done["logged_out"] if request.query.get("done") == "logged_out" else None
    return _form(request, next_path=request.query.get("next", ""), notice=notice)


def _form(
    request: web.Request,
    *,
    next_path: str = "",
    login: str = "",
    error: str | None = None,
    notice: str | None = None,
    status: int = 200,
) -> web.Response:
    token = login_token(request)
    context = {
        "login_token": token,
        "next": safe_next(next_path, HOME),
        "login": login,
        "error": error,
        "notice": notice,
    }
    response = render(request, "login.html", context, status=status)
    deps = dependencies(request)
    set_login_cookie(response, token, LOGIN, secure=deps.secure_cookies)
    return response


@public
@own_csrf
async def login(request: web.Request) -> web.StreamResponse:
    """POST: open a session and go on, or say what is wrong without telling which part."""
    form = await posted_form(request)
    if not login_form_is_ours(request, words(form, CSRF_FIELD)):
        raise CsrfRefused
    deps = dependencies(request)
    name = words(form, "login")
    result = await try_log_in(request, deps, name, words(form, "password"))
    texts = request.app[TEXTS]
    if isinstance(result, LoggedIn):
        target = safe_next(words(form, "next"), HOME) or HOME
        response = web.Response(status=303, headers={hdrs.LOCATION: target})
        set_session_cookie(response, result, secure=deps.secure_cookies)
        return response
    if isinstance(result, CodeNeeded):
        return code_page.ask_for_code(request, result, words(form, "next"))
    if isinstance(result, Locked | TooManyAttempts):
        return _form(request, login=name, error=texts.errors["login_locked"], status=429)
    return _form(
        request,
        login=name,
        next_path=words(form, "next"),
        error=texts.errors["login"],
        status=422,
    )


@while_password_expired
@while_totp_missing
async def logout(request: web.Request) -> web.StreamResponse:
    """POST: end the session."""
    deps = dependencies(request)
    async with deps.database.write() as connection:
        await log_out(connection, request.cookies.get(SESSION_COOKIE, ""), deps.clock.now())
    response = web.Response(status=303, headers={hdrs.LOCATION: f"{LOGIN}?done=logged_out"})
    clear_session_cookie(response, secure=deps.secure_cookies)
    return response


@while_password_expired
@while_totp_missing
async def password_page(request: web.Request) -> web.StreamResponse:
    """GET: the form to change one's own password."""
    return _password_form(request)


def _password_form(
    request: web.Request, *, error: str | None = None, status: int = 200
) -> web.Response:
    must_change = require_session(request).must_change_password
    context = {"error": error, "must_change": must_change}
    return render(request, "password.html", context, status=status)


@while_password_expired
@while_totp_missing
async def change_own_password(request: web.Request) -> web.StreamResponse:
    """POST: change it; all other sessions of the user end."""
    deps = dependencies(request)
    session = require_session(request)
    errors = request.app[TEXTS].errors
    form = await posted_form(request)
    old, new = words(form, "old"), words(form, "new")
    if new != words(form, "repeat"):
        return _password_form(request, error=errors["password_repeat"], status=422)
    if new == old:
        return _password_form(request, error=errors["password_same"], status=422)
    ip_key = f"password {session.actor.user_id}"
    if not deps.attempts_per_login.allow(ip_key) or len(old) > PASSWORD_LENGTH:
        return _password_form(request, error=errors["login_locked"], status=429)
    try:
        async with deps.database.write() as connection:
            await change_password(
                connection,
                session.actor.user_id,
                old=old,
                new=new,
                now=deps.clock.now(),
                keep_session_id=session.id,
            )
    except UserRefused:
        return _password_form(request, error=errors["password_old"], status=422)
    except PasswordRefused as refused:
        return _password_form(request, error=str(refused), status=422)
    deps.attempts_per_login.forget(ip_key)
    raise web.HTTPSeeOther(f"{HOME}?done=password_changed")
