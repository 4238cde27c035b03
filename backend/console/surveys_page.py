"""The surveys of a branch, and copying one."""

from __future__ import annotations

from aiohttp import web

from backend.console.rendering import render
from backend.console.survey_access import PATH, forgotten_since, found_survey, require_author
from backend.console.survey_wording import SURVEY_TEXTS
from backend.organisation.sessions import Actor
from backend.surveys.authoring import copy_survey
from backend.surveys.reading import list_surveys
from backend.surveys.visibility import manages
from backend.web.dependencies import dependencies
from backend.web.sessions import require_session


async def surveys(request: web.Request) -> web.StreamResponse:
    """GET /console/surveys?done=deleted"""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.read() as connection:
        found = await list_surveys(connection, actor, deps.clock.now())
        forgot = await forgotten_since(connection, found)
    words = request.app[SURVEY_TEXTS]
    context = {
        "here": "surveys",
        "words": words,
        "notice": words.done["deleted"] if request.query.get("done") == "deleted" else None,
        "error": "",
        "surveys": found,
        "forgot_since": forgot,
        "may_manage": manages(actor),
    }
    return render(request, "surveys.html", context)


async def copy(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/copy: the same questions as a new draft of one's own office"""
    deps, actor = dependencies(request), _author(request)
    async with deps.database.write() as connection:
        original = await found_survey(connection, request)
        made = await copy_survey(connection, actor, original, deps.clock.now())
    url = request.app.router["survey_questions"].url_for(id=str(made))
    raise web.HTTPSeeOther(url.with_query(done="copied"))


def _author(request: web.Request) -> Actor:
    return require_author(request).actor


ROUTES = (
    web.get("/surveys", surveys, name="surveys"),
    web.post(f"{PATH}/copy", copy, name="survey_copy"),
)
