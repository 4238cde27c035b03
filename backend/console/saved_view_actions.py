"""An official's own views of the queue: keep, rename, delete. Forms that work without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import hdrs, web

from backend.console import forms
from backend.console.queue_filters import asked_by
from backend.petitions.outcomes import Invalid
from backend.petitions.saved_views import delete_view, rename_view, save_view
from backend.web.dependencies import dependencies
from backend.web.errors import refuse
from backend.web.outcomes import problem_of
from backend.web.posted_form import posted_form
from backend.web.sessions import require_session
from backend.web.texts import TEXTS

VIEW = "/views/{id:[0-9]{1,15}}"


async def save(request: web.Request) -> web.StreamResponse:
    """POST /views: name and the filters as hidden fields."""
    deps, actor = dependencies(request), require_session(request).actor
    form = await posted_form(request)
    query = {name: value for name, value in form.items() if isinstance(value, str)}
    asked = asked_by(query, deps.rules, request.app[TEXTS])
    async with deps.database.write() as connection:
        name = forms.words(form, "name")
        problem = await save_view(connection, actor.user_id, name, asked.view(), deps.clock.now())
    _refuse(request, problem)
    return _back(request, {**asked.view(), "done": "view_saved"})


async def rename(request: web.Request) -> web.StreamResponse:
    """POST /views/{id}/rename"""
    deps, actor = dependencies(request), require_session(request).actor
    form = await posted_form(request)
    async with deps.database.write() as connection:
        problem = await rename_view(
            connection, actor.user_id, int(request.match_info["id"]), forms.words(form, "name")
        )
    if problem is not None and problem.problem == "unknown":
        raise web.HTTPNotFound
    _refuse(request, problem)
    return _back(request, {"done": "view_renamed"})


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /views/{id}/delete"""
    deps, actor = dependencies(request), require_session(request).actor
    async with deps.database.write() as connection:
        if not await delete_view(connection, actor.user_id, int(request.match_info["id"])):
            raise web.HTTPNotFound
    return _back(request, {"done": "view_deleted"})


def _refuse(request: web.Request, problem: Invalid | None) -> None:
    if problem is not None:
        found = problem_of(problem, request.app[TEXTS])
        raise refuse(found.status, found.words, found.field)


def _back(request: web.Request, query: dict[str, str]) -> web.Response:
    location = str(request.app.router["queue"].url_for().with_query(query))
    return web.Response(status=303, headers={hdrs.LOCATION: location})


def routes() -> Sequence[web.RouteDef]:
    """All routes of saved views."""
    return [
        web.post("/views", save, name="save_view"),
        web.post(f"{VIEW}/rename", rename, name="rename_view"),
        web.post(f"{VIEW}/delete", remove, name="delete_view"),
    ]
