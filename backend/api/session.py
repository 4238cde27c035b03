"""The caller's own session."""

from __future__ import annotations

from aiohttp import web

from backend.api.errors import error_response
from backend.api.models import Login, Me
from backend.api.responses import r200, r201, r204
from backend.api.view import ApiView, answer
from backend.organisation.secret_box import SecretUnreadable
from backend.organisation.sessions import (
    CodeNeeded,
    LoggedIn,
    Session,
    WrongCredentials,
    log_out,
    session_of,
)
from backend.web.login import try_code, try_log_in
from backend.web.markers import own_csrf, public, while_password_expired, while_totp_missing
from backend.web.sessions import (
    SESSION_COOKIE,
    clear_session_cookie,
    require_session,
    set_session_cookie,
)
from backend.web.texts import TEXTS


def me_of(session: Session) -> Me:
    actor = session.actor
    return Me(
        user_id=actor.user_id,
        name=actor.name,
        login=session.login,
        role=actor.role,
        org_id=actor.org_id,
        org_name=session.org_name,
        must_change_password=session.must_change_password,
        csrf_token=session.csrf_token,
    )


class SessionView(ApiView):
    """/api/v1/session"""

    # No CSRF token can exist yet; other sites cannot send JSON (see backend.api.body).
    @public
    @own_csrf
    async def post(self, body: Login) -> r201[Me]:
        """Log in; the session cookie comes with the answer.

        Status Codes:
            201: Logged in
        """
        words = self.request.config_dict[TEXTS].errors
        result: object = await try_log_in(self.request, self.deps, body.login, body.password)
        if isinstance(result, CodeNeeded):
            if not body.code:
                return error_response(401, words["code_needed"], "code")
            try:
                result = await try_code(self.request, self.deps, result.challenge, body.code)
            except SecretUnreadable:
                return error_response(401, words["totp_unreadable"], "code")
            if isinstance(result, WrongCredentials):
                return error_response(401, words["code"], "code")
        if isinstance(result, WrongCredentials):
            return error_response(401, words["login"])
        if not isinstance(result, LoggedIn):
            return error_response(429, words["login_locked"])
        async with self.deps.database.read() as connection:
            opened = await session_of(connection, result.token, self.deps.clock.now())
        if opened is None:
            return error_response(401, words["login"])
        response = answer(me_of(opened), status=201)
        set_session_cookie(response, result, secure=self.deps.secure_cookies)
        return response

    @while_password_expired
    @while_totp_missing
    async def delete(self) -> r204:
        """Log out.

        Status Codes:
            204: Logged out
        """
        now = self.deps.clock.now()
        async with self.deps.database.write() as connection:
            await log_out(connection, self.request.cookies.get(SESSION_COOKIE, ""), now)
        response = web.Response(status=204)
        clear_session_cookie(response, secure=self.deps.secure_cookies)
        return response


class MeView(ApiView):
    """/api/v1/me"""

    @while_password_expired
    @while_totp_missing
    async def get(self) -> r200[Me]:
        """Who is logged in.

        Status Codes:
            200: The official
        """
        return answer(me_of(require_session(self.request)))
