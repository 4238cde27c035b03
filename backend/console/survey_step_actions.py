"""Steps of a survey that has opened: pause, resume, close, another closing date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.console import forms
from backend.console.forms import Form
from backend.console.survey_access import (
    PATH,
    found_survey,
    refusal,
    require_author,
    version_of,
)
from backend.console.survey_opening_page import closing
from backend.console.survey_results_page import results_page
from backend.organisation.sessions import Actor
from backend.surveys.lifecycle import Step, SurveyRefused
from backend.surveys.reading import Survey
from backend.surveys.steps import set_closing, take_step
from backend.web.dependencies import WebDependencies, dependencies
from backend.web.posted_form import posted_form

Take = Callable[[AsyncConnection, Actor, Survey, Form, WebDependencies], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _by(step: Step) -> Take:
    async def take(
        connection: AsyncConnection,
        actor: Actor,
        found: Survey,
        form: Form,
        deps: WebDependencies,
    ) -> None:
        await take_step(connection, actor, found, step, version_of(form), deps.clock.now())

    return take


async def _set_closing(
    connection: AsyncConnection, actor: Actor, found: Survey, form: Form, deps: WebDependencies
) -> None:
    closes_at = closing(forms.words(form, "closes_on"))
    await set_closing(connection, actor, found, version_of(form), closes_at, deps.clock.now())


# Name in the address → the step, and the notice after it.
STEPS: dict[str, tuple[Take, str]] = {
    "pause": (_by(Step.PAUSE), "paused"),
    "resume": (_by(Step.RESUME), "resumed"),
    "close": (_by(Step.CLOSE), "closed"),
    "closing": (_set_closing, "closing"),
}


def _handler(take: Take, done: str) -> Handler:
    async def step(request: web.Request) -> web.StreamResponse:
        deps, actor = dependencies(request), require_author(request).actor
        form = await posted_form(request)
        try:
            async with deps.database.write() as connection:
                found = await found_survey(connection, request)
                await take(connection, actor, found, form, deps)
        except SurveyRefused as refused:
            status = 422 if refused.problem.startswith("closing") else 409
            error = refusal(request, refused, found.state)
            return await results_page(request, error=error, status=status)
        url = request.app.router["survey"].url_for(id=str(found.id))
        raise web.HTTPSeeOther(url.with_query(done=done))

    return step


ROUTES = [
    web.post(f"{PATH}/{name}", _handler(take, done), name=f"survey_{name}")
    for name, (take, done) in STEPS.items()
]
