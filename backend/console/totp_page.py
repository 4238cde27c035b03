"""Switching one's authenticator app on and off, and its recovery codes."""

from __future__ import annotations

from collections.abc import Sequence

import segno
from aiohttp import web
from markupsafe import Markup

from backend.console.forms import words
from backend.console.rendering import render
from backend.organisation.secret_box import SecretUnreadable
from backend.organisation.totp import (
    begin_setup,
    confirm,
    renew_recovery_codes,
    setup,
    switch_off,
    totp_state,
)
from backend.organisation.users import UserRefused, check_own_password
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.errors import refuse
from backend.web.login import CODE_LENGTH, PASSWORD_LENGTH
from backend.web.markers import while_totp_missing
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

ACCOUNT = "/console/account"
PATH = f"{ACCOUNT}/totp"
QR_SCALE = 5  # pixels of one module


@while_totp_missing
async def totp_page(request: web.Request) -> web.StreamResponse:
    """GET: what to do next: begin, scan and confirm, or (where it is on) the ways out."""
    return await _page(request)


async def _page(
    request: web.Request, *, error: str | None = None, status: int = 200
) -> web.Response:
    deps, session = dependencies(request), require_session(request)
    async with deps.database.read() as connection:
        state = await totp_state(connection, session.actor.user_id)
        try:
            pending = await setup(connection, deps.totp_box, session.actor.user_id, session.login)
        except SecretUnreadable:  # begun with another key: begin again
            pending = None
    context = {
        "totp": state,
        "required": session.actor.role in deps.totp_roles,
        "secret": _in_fours(pending.secret) if pending else None,
        "qr": _qr(pending.uri) if pending else None,
        "error": error,
        "longest": CODE_LENGTH,
    }
    return render(request, "totp.html", context, status=status)


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _qr(uri: str) -> Markup:
    # Attributes only: the policy allows no inline style.
    code = segno.make(uri, error="m")
    return Markup(code.svg_inline(scale=QR_SCALE, border=2, light="#fff", svgclass="qr"))  # noqa: S704


@while_totp_missing
async def begin(request: web.Request) -> web.StreamResponse:
    """POST: make the secret and show it."""
    deps, session = dependencies(request), require_session(request)
    async with deps.database.write() as connection:
        await begin_setup(connection, deps.totp_box, session.actor.user_id, deps.clock.now())
    raise web.HTTPSeeOther(PATH)


@while_totp_missing
async def confirm_code(request: web.Request) -> web.StreamResponse:
    """POST: the app shows the right code, so it is asked for from now on."""
    deps, session = dependencies(request), require_session(request)
    form = await posted_form(request)
    _limit(deps, session.actor.user_id, request)
    async with deps.database.write() as connection:
        try:
            codes = await confirm(
                connection,
                deps.totp_box,
                session.actor.user_id,
                words(form, "code")[:CODE_LENGTH],
                deps.clock.now(),
                keep_session_id=session.id,
            )
        except SecretUnreadable:
            raise web.HTTPSeeOther(PATH) from None
    if codes is None:
        return await _page(request, error=request.app[TEXTS].errors["code"], status=422)
    deps.attempts_per_login.forget(_key(session.actor.user_id))
    return _codes(request, codes, "totp_on")


async def renew(request: web.Request) -> web.StreamResponse:
    """POST: new recovery codes, by the password."""
    deps, session = dependencies(request), require_session(request)
    if error := await _password_problem(request):
        return await _page(request, error=error, status=422)
    async with deps.database.write() as connection:
        if (await totp_state(connection, session.actor.user_id)).on_since is None:
            raise web.HTTPSeeOther(PATH)
        codes = await renew_recovery_codes(
            connection, deps.totp_box, session.actor.user_id, deps.clock.now()
        )
    return _codes(request, codes, "codes_renewed")


async def off(request: web.Request) -> web.StreamResponse:
    """POST: ask for no codes any more, by the password; not where the role requires them."""
    deps, session = dependencies(request), require_session(request)
    if session.actor.role in deps.totp_roles:
        raise refuse(403, "")
    if error := await _password_problem(request):
        return await _page(request, error=error, status=422)
    async with deps.database.write() as connection:
        await switch_off(connection, session.actor.user_id, deps.clock.now())
    raise web.HTTPSeeOther(f"{ACCOUNT}?done=totp_off")


async def _password_problem(request: web.Request) -> str | None:
    """A session left open on a shared computer must not be enough."""
    deps, session = dependencies(request), require_session(request)
    form = await posted_form(request)
    _limit(deps, session.actor.user_id, request)
    try:
        async with deps.database.read() as connection:
            await check_own_password(
                connection, session.actor.user_id, words(form, "password")[:PASSWORD_LENGTH]
            )
    except UserRefused:
        return str(request.app[TEXTS].errors["password_wrong"])
    deps.attempts_per_login.forget(_key(session.actor.user_id))
    return None


def _limit(deps: WebDependencies, user_id: int, request: web.Request) -> None:
    if not deps.attempts_per_login.allow(_key(user_id)):
        raise refuse(429, request.app[TEXTS].errors["login_locked"])


def _key(user_id: int) -> str:
    return f"password {user_id}"


def _codes(request: web.Request, codes: Sequence[str], said: str) -> web.Response:
    """Shown by the answer itself, once: they are kept nowhere in clear."""
    return render(
        request, "recovery_codes.html", {"codes": codes, "said": request.app[TEXTS].done[said]}
    )


ROUTES = (
    web.get("/account/totp", totp_page, name="totp"),
    web.post("/account/totp", begin),
    web.post("/account/totp/confirm", confirm_code, name="totp_confirm"),
    web.post("/account/totp/codes", renew, name="totp_codes"),
    web.post("/account/totp/off", off, name="totp_off"),
)
