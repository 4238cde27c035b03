"""Deleting a draft, from the page on which it is written."""

from __future__ import annotations

from aiohttp import web

from backend.console.survey_access import (
    PATH,
    found_draft,
    refusal,
    require_author,
    version_of,
)
from backend.console.survey_writing_page import writing_page
from backend.surveys.authoring import Draft
from backend.surveys.deletion import delete_draft
from backend.surveys.lifecycle import SurveyRefused
from backend.web.dependencies import dependencies
from backend.web.posted_form import posted_form


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /console/surveys/{id}/delete; then the list of surveys"""
    deps, actor = dependencies(request), require_author(request).actor
    form = await posted_form(request)
    try:
        async with deps.database.write() as connection:
            found = await found_draft(connection, request)
            await delete_draft(connection, actor, found, version_of(form), deps.clock.now())
    except SurveyRefused as refused:
        draft = Draft(found.title, found.introduction, found.questions)
        error = refusal(request, refused, found.state)
        return await writing_page(request, found, draft, error=error, status=409)
    raise web.HTTPSeeOther(request.app.router["surveys"].url_for().with_query(done="deleted"))


ROUTES = (web.post(f"{PATH}/delete", delete, name="survey_delete"),)
