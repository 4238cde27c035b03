"""One entry of the deployment's data as a page with a form: shown as it holds, saved as posted, or
shown again with what is wrong in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from aiohttp import web

from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    SEAL,
    Errors,
    current,
    done_words,
    require_editor,
    save,
    seal,
)
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import Effective
from backend.deployment.live import Deployment, Edit
from backend.web.posted_form import posted_form

Given = Mapping[str, Any]
"""The fields of a form as its template shows them."""


class EntryForm(ABC):
    """The form of the entry that the address names, over what holds `now`. Making one raises a 404
    where there is no such entry."""

    template: ClassVar[str]

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        self.request = request
        self.deployment = deployment
        self.now = now

    @abstractmethod
    def entry(self, now: Effective) -> Any:
        """The entry as data, None where it is new. Its seal tells whether it changed since the form
        was opened."""

    @abstractmethod
    def held(self) -> Given:
        """What the form holds at first."""

    @abstractmethod
    def read(self, form: Form) -> Given:
        """What was posted."""

    @abstractmethod
    def edit(self, given: Given) -> Edit:
        """What saving `given` does."""

    @abstractmethod
    def around(self) -> Mapping[str, Any]:
        """What the template shows beside `given`."""

    def address(self) -> str:
        """Where the saved entry stands."""
        return self.request.path

    def page(self, given: Given | None = None, errors: Errors | None = None) -> web.Response:
        """The page, with what was posted if it was not taken."""
        context = {
            "words": self.request.app[DEPLOYMENT_TEXTS],
            "errors": errors or {},
            "notice": done_words(self.request),
            "here": "deployment",
            "given": given or {**self.held(), SEAL: seal(self.entry(self.now))},
            **self.around(),
        }
        return render(self.request, self.template, context, status=422 if errors else 200)


async def opened[Kind: EntryForm](kind: type[Kind], request: web.Request) -> Kind:
    """The form over what holds now. Raises a 403 for who may not edit."""
    require_editor(request)
    return kind(request, *await current(request))


def form_routes(kind: type[EntryForm], path: str, name: str) -> Sequence[web.RouteDef]:
    """GET and POST of `path`."""

    async def show(request: web.Request) -> web.StreamResponse:
        return (await opened(kind, request)).page()

    async def change(request: web.Request) -> web.StreamResponse:
        form, entry_form = await posted_form(request), await opened(kind, request)
        given = entry_form.read(form)
        errors = await save(request, entry_form.edit(given), entry_form.entry)
        if errors:
            again = await opened(kind, request)
            return again.page({**given, SEAL: words(form, SEAL)}, errors)
        raise web.HTTPSeeOther(f"{entry_form.address()}?done=saved")

    return (web.get(path, show, name=name), web.post(path, change))
