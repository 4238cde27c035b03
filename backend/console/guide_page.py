"""设置 → 办事指南: what people apply for, searched; one entry with what citizens are told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current, require_editor, save
from backend.console.deployment_form import EntryForm, Given, form_routes, opened
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import ACTIVE, GUIDE, Effective
from backend.deployment.guide_entry import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_PHONE,
    NEEDED,
    OPTIONAL,
    GivenEntry,
    put_entry,
    shipped_entry,
)
from backend.deployment.live import Deployment, Edit
from backend.guide.pages import NAMES, pages
from backend.web.errors import refuse

SEARCH_LENGTH = 64
PATH = "/deployment/guide/{code:[a-z][a-z0-9_]{0,47}}"
NEW = "new"
# In the order in which they are told.
LINES = tuple(name for name in NAMES if name in (*NEEDED, *OPTIONAL))


async def entries(request: web.Request) -> web.StreamResponse:
    """GET: all entries, or those that hold the words sought."""
    require_editor(request)
    deployment, now = await current(request)
    sought = request.query.get("q", "").strip()[:SEARCH_LENGTH]
    shipped = deployment.shipped.contents[GUIDE]
    rows = [
        {
            "id": id_,
            "title": entry["title"],
            "aliases": entry.get("aliases", []),
            "place": entry["place"],
            "active": entry.get(ACTIVE, True),
            "own": entry != shipped.get(id_),
        }
        for id_, entry in now.contents[GUIDE].items()
        if sought in "\n".join(map(str, entry.values()))
    ]
    context = {
        "words": request.app[DEPLOYMENT_TEXTS],
        "entries": rows,
        "q": sought,
        "here": "deployment",
    }
    return render(request, "guide.html", context)


class GuideEntryForm(EntryForm):
    """One entry, or a new one."""

    template = "guide_entry.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.id = request.match_info["code"]
        self.is_new = self.id == NEW
        if not self.is_new and self.id not in now.contents[GUIDE]:
            raise refuse(404, "")
        self.shipped = deployment.shipped.contents[GUIDE].get(self.id)
        # Ids are never shown and never used again.
        self.kept = f"own_{secrets.token_hex(4)}" if self.is_new else self.id

    def entry(self, now: Effective) -> Any:
        return now.contents[GUIDE].get(self.id)

    def held(self) -> Given:
        entry = self.entry(self.now) or {}
        return {
            "title": entry.get("title", ""),
            "aliases": "、".join(entry.get("aliases", [])),
            "questions": "\n".join(entry.get("questions", [])),
            "lines": {name: entry.get(name, "") for name in LINES},
            "phone": entry.get("phone", ""),
            "active": entry.get(ACTIVE, True),
        }

    def read(self, form: Form) -> Given:
        return {
            **{name: words(form, name) for name in ("title", "aliases", "questions", "phone")},
            "lines": {name: words(form, name) for name in LINES},
            "active": self.is_new or words(form, "active") == "1",
        }

    def edit(self, given: Given) -> Edit:
        return lambda now: put_entry(now, self.kept, GivenEntry(**given))

    def around(self) -> Mapping[str, Any]:
        offered = self.now.guide.entries.get(self.id)
        return {
            "code": self.id,
            "is_new": self.is_new,
            "names": NAMES,
            "optional": OPTIONAL,
            "longest_name": LONGEST_NAME,
            "longest_line": LONGEST_LINE,
            "longest_phone": LONGEST_PHONE,
            "told": pages(offered, "sms") if offered else [],
            "title": offered.title if offered else "",
            "own": self.shipped is not None and self.entry(self.now) != self.shipped,
        }

    def address(self) -> str:
        return f"/console/deployment/guide/{self.kept}"


async def back(request: web.Request) -> web.StreamResponse:
    """POST: the entry as shipped."""
    form = await opened(GuideEntryForm, request)
    shipped = form.deployment.shipped
    if form.shipped is None:
        raise refuse(404, "")
    errors = await save(request, lambda now: shipped_entry(now, shipped, form.id))
    if errors:
        return form.page(errors=errors)
    raise web.HTTPSeeOther(f"{request.path.rpartition('/')[0]}?done=shipped_entry")


ROUTES = (
    web.get("/deployment/guide", entries, name="guide"),
    *form_routes(GuideEntryForm, PATH, "guide_entry"),
    web.post(f"{PATH}/back", back, name="guide_back"),
)
