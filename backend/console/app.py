"""Officials' pages as a part of the app: routes and what stands before them."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from aiohttp import web

from backend.console import (
    account_page,
    blocked_numbers_page,
    bulk_dispatch_page,
    bulk_merge_page,
    citizen_page,
    code_page,
    deployment_page,
    duty_page,
    guide_page,
    health_page,
    hot_page,
    learning_page,
    live,
    login_page,
    offices_page,
    overview_export,
    overview_page,
    petition_actions,
    petition_page,
    places_page,
    queue_page,
    reply_texts_page,
    saved_view_actions,
    services_page,
    setup_page,
    setup_staff_page,
    setup_trial_page,
    survey_answers_page,
    survey_audience_page,
    survey_deletion,
    survey_export,
    survey_opening_page,
    survey_results_page,
    survey_step_actions,
    survey_writing_page,
    surveys_page,
    totp_page,
    user_page,
    users_page,
    working_days_page,
)
from backend.console.assets import Assets
from backend.console.deployment_editing import DEPLOYMENT_TEXTS
from backend.console.learning_wording import LEARNING_TEXTS
from backend.console.live_feed import LiveFeed
from backend.console.media import media_file
from backend.console.overview_wording import OVERVIEW_TEXTS
from backend.console.rendering import render, setup_templates, wants_part
from backend.console.survey_wording import SURVEY_TEXTS
from backend.petitions.counting import QueueCounter
from backend.web.dependencies import DEPENDENCIES, WebDependencies
from backend.web.errors import error_boundary
from backend.web.headers import security_headers
from backend.web.limits import body_limit
from backend.web.markers import public
from backend.web.sessions import csrf_guard, session_middleware, to_login
from backend.web.texts import OfficialTexts

PREFIX = "/console"


def setup_console(app: web.Application, deps: WebDependencies) -> web.Application:
    """Hang the pages under /console of `app`, their files under /assets, and send / there; the
    sub-application. Raises AssetMissing."""
    texts = OfficialTexts(deps.data_folder / "texts" / "console.yml")
    assets = Assets(deps.assets_folder)

    async def render_error(request: web.Request, status: int, words: str) -> web.Response:
        heading, body = texts.error(status)
        if status == 403 and not words:
            body = texts.errors["csrf"] if request.method == "POST" else body
        context = {"heading": heading, "body": words or body}
        response = render(request, "error.html", context, status=status)
        if wants_part(request):
            response.headers["X-Notice"] = quote(words or body)
        return response

    console = web.Application(
        middlewares=[
            body_limit,
            security_headers,
            error_boundary(render_error),
            session_middleware(
                deps.database,
                deps.clock,
                without=lambda request: to_login(request, login_page.LOGIN),
                expired_password=_to_password,
                totp_roles=deps.totp_roles,
                missing_totp=_to_totp,
            ),
            csrf_guard,
        ]
    )
    console[DEPENDENCIES] = deps
    console[queue_page.COUNTER] = QueueCounter()
    console[OVERVIEW_TEXTS] = OfficialTexts(deps.data_folder / "texts" / "overview.yml")
    console[LEARNING_TEXTS] = OfficialTexts(deps.data_folder / "texts" / "learning.yml")
    console[SURVEY_TEXTS] = OfficialTexts(deps.data_folder / "texts" / "surveys.yml")
    console[DEPLOYMENT_TEXTS] = OfficialTexts(deps.data_folder / "texts" / "deployment.yml")
    console[overview_export.ONE_AT_A_TIME] = asyncio.Lock()
    console[live.FEED] = feed = LiveFeed(deps)
    console.on_shutdown.append(lambda _app: feed.close())
    setup_templates(console, assets=assets, texts=texts, clock=deps.clock)
    console.add_routes(
        [
            web.get("/", queue_page.queue, name="queue"),
            *saved_view_actions.routes(),
            *bulk_dispatch_page.routes(),
            *bulk_merge_page.routes(),
            web.get("/login", login_page.login_page, name="login"),
            web.post("/login", login_page.login),
            web.post("/logout", login_page.logout, name="logout"),
            web.get("/password", login_page.password_page, name="password"),
            web.post("/password", login_page.change_own_password),
            *code_page.ROUTES,
            *account_page.ROUTES,
            *totp_page.ROUTES,
            *users_page.ROUTES,
            *user_page.ROUTES,
            *duty_page.ROUTES,
            *blocked_numbers_page.ROUTES,
            *deployment_page.ROUTES,
            *offices_page.ROUTES,
            *services_page.ROUTES,
            *places_page.ROUTES,
            *working_days_page.ROUTES,
            *reply_texts_page.ROUTES,
            *guide_page.ROUTES,
            *setup_page.ROUTES,
            *setup_staff_page.ROUTES,
            *setup_trial_page.ROUTES,
            web.get("/media/{id:[0-9]{1,18}}", media_file, name="media"),
            web.get("/health", health_page.show, name="health"),
            web.get(petition_page.PATH, petition_page.show, name="petition"),
            web.get(f"{petition_page.PATH}/citizen", citizen_page.show, name="citizen"),
            web.get("/overview", overview_page.overview, name="overview"),
            web.get("/overview/petitions", overview_page.rows, name="overview_rows"),
            web.post("/overview/export", overview_export.export, name="overview_export"),
            *learning_page.ROUTES,
            *hot_page.ROUTES,
            *surveys_page.ROUTES,
            *survey_writing_page.ROUTES,
            *survey_deletion.ROUTES,
            *survey_audience_page.ROUTES,
            *survey_opening_page.ROUTES,
            *survey_results_page.ROUTES,
            *survey_step_actions.ROUTES,
            *survey_answers_page.ROUTES,
            *survey_export.ROUTES,
            *petition_actions.routes(petition_page.PATH),
            *live.routes(petition_page.PATH),
        ]
    )
    app.add_subapp(PREFIX, console)
    files = web.Application(middlewares=[security_headers])
    files.router.add_get("/{digest}/{name}", assets.serve)
    app.add_subapp("/assets", files)
    app.router.add_get("/", _home)
    app.router.add_get(PREFIX, _home)
    return console


@public
async def _home(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"{PREFIX}/")


def _to_password(_request: web.Request) -> web.StreamResponse:
    return _to(f"{PREFIX}/password")


def _to_totp(_request: web.Request) -> web.StreamResponse:
    return _to(f"{PREFIX}/account/totp")


def _to(path: str) -> web.StreamResponse:
    return web.Response(status=303, headers={"Location": path, "HX-Redirect": path})
