"""The pages themselves: one's own petitions, and one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from backend.citizen_pages.dependencies import pages_of
from backend.citizen_pages.own_petitions import (
    Whole,
    linked_phone,
    own_petition,
    own_petitions,
)
from backend.citizen_pages.rendering import render
from backend.citizen_pages.visitor import CSRF_FIELD, visitor_of
from backend.conversation.read_on_page import read_on_page
from backend.web.texts import OfficialTexts


async def petitions(request: web.Request) -> web.Response:
    """GET /me/{account}/"""
    pages, visitor = pages_of(request), visitor_of(request)
    async with pages.database.read() as connection:
        lines = await own_petitions(connection, visitor.citizen_id)
        phone = await linked_phone(connection, visitor.citizen_id)
    context = {
        "lines": lines,
        "phone": phone,
        "links_phones": pages.links_phones,
        "path": Paths(request.app, visitor.account),
    }
    return render(request, "petitions.html", context)


async def petition(request: web.Request) -> web.Response:
    """GET /me/{account}/petitions/{number}; 404 for anybody else's."""
    return await show(request, request.query.get("done", ""))


async def show(request: web.Request, done: str, *, status: int = 200) -> web.Response:
    """One petition, with a line above it named by `done` (see citizen_pages.yml)."""
    pages, visitor = pages_of(request), visitor_of(request)
    async with pages.database.read() as connection:
        whole = await own_petition(connection, visitor.citizen_id, request.match_info["number"])
    if whole is None:
        raise web.HTTPNotFound
    async with pages.database.write() as writing:
        await read_on_page(writing, whole.line.id, pages.clock.now())
    context = {
        "p": whole.line,
        "steps": _way(whole, pages.texts),
        "events": whole.steps,
        "said": whole.said,
        "notice": pages.texts.done.get(done),
        "csrf": {"name": CSRF_FIELD, "value": visitor.csrf_token},
        "path": Paths(request.app, visitor.account),
    }
    return render(request, "petition.html", context, status=status)


def _way(whole: Whole, texts: OfficialTexts) -> Sequence[Mapping[str, str]]:
    """The stations of a petition; tone past, now or next. [] for one that was withdrawn."""
    labels = texts.stations
    position = next(
        (at for at, one in enumerate(labels) if whole.line.state in one["states"]), None
    )
    if position is None:
        return []
    tones = ["past" if at < position else "now" if at == position else "next"
             for at in range(len(labels))]  # fmt: skip
    return [
        {"label": str(one["label"]), "tone": tone} for one, tone in zip(labels, tones, strict=True)
    ]


class Paths:
    """Addresses within one account's pages, for templates."""

    def __init__(self, app: web.Application, account: str) -> None:
        self._app = app
        self._account = account

    def __call__(self, name: str, **parts: object) -> str:
        given = {key: str(value) for key, value in parts.items()}
        return str(self._app.router[name].url_for(account=self._account, **given))
