"""The API as a part of the app: routes and what stands before them."""

from __future__ import annotations

from aiohttp import web

from backend.api.body import json_body
from backend.api.errors import error_response
from backend.api.hot import ROUTES as HOT_ROUTES
from backend.api.merging import ROUTES as MERGING_ROUTES
from backend.api.petitions import ROUTES as PETITION_ROUTES
from backend.api.reference import CatalogueView, HealthView, OrgsView, openapi
from backend.api.session import MeView, SessionView
from backend.web.dependencies import DEPENDENCIES, WebDependencies
from backend.web.errors import error_boundary
from backend.web.headers import security_headers
from backend.web.limits import body_limit
from backend.web.sessions import csrf_guard, session_middleware
from backend.web.texts import TEXTS, OfficialTexts

PREFIX = "/api/v1"


def setup_api(app: web.Application, deps: WebDependencies) -> web.Application:
    """Hang the API under /api/v1 of `app`; the sub-application."""
    texts = OfficialTexts(deps.data_folder / "texts" / "console.yml")

    async def render_error(request: web.Request, status: int, words: str) -> web.Response:
        return error_response(status, words or texts.error(status)[0])

    def without_session(_request: web.Request) -> web.StreamResponse:
        return error_response(401, texts.error(401)[0])

    def expired_password(_request: web.Request) -> web.StreamResponse:
        return error_response(403, texts.errors["password_first"])

    def missing_totp(_request: web.Request) -> web.StreamResponse:
        return error_response(403, texts.errors["totp_first"])

    api = web.Application(
        middlewares=[
            body_limit,
            security_headers,
            error_boundary(render_error),
            session_middleware(
                deps.database,
                deps.clock,
                without=without_session,
                expired_password=expired_password,
                totp_roles=deps.totp_roles,
                missing_totp=missing_totp,
            ),
            csrf_guard,
            json_body,
        ]
    )
    api[DEPENDENCIES] = deps
    api[TEXTS] = texts
    api.add_routes(
        [
            web.view("/session", SessionView),
            web.view("/me", MeView),
            web.view("/orgs", OrgsView),
            web.view("/catalogue", CatalogueView),
            web.view("/health", HealthView),
            web.get("/openapi.json", openapi),
            *PETITION_ROUTES,
            *MERGING_ROUTES,
            *HOT_ROUTES,
        ]
    )
    app.add_subapp(PREFIX, api)
    return api
