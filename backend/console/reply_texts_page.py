"""设置 → 对群众说的话: every text by group, searched; one text with its WeChat and SMS wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current, require_editor, save
from backend.console.deployment_form import EntryForm, Given, form_routes, opened
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.conversation.parameters import parameters
from backend.deployment.effective import REPLIES, Effective, reply_parameters
from backend.deployment.live import Deployment, Edit
from backend.deployment.reply_wording import (
    LONGEST_SMS,
    LONGEST_TEXT,
    needed,
    put_wording,
    shipped_wording,
)
from backend.web.errors import refuse

SEARCH_LENGTH = 64
PATH = "/deployment/replies/{key:[a-z][a-z0-9_]{0,63}}"


async def replies(request: web.Request) -> web.StreamResponse:
    """GET: all texts, or those that hold the words sought."""
    require_editor(request)
    deployment, now = await current(request)
    sought = request.query.get("q", "").strip()[:SEARCH_LENGTH]
    shipped = deployment.shipped.contents[REPLIES]
    rows = [
        {"key": key, **entry, "own": entry != shipped.get(key)}
        for key, entry in now.replies.items()
        if sought in f"{key}\n{entry['text']}\n{entry.get('sms', '')}"
    ]
    texts = request.app[DEPLOYMENT_TEXTS]
    context = {
        "words": texts,
        "groups": _grouped(texts.reply_groups, rows),
        "q": sought,
        "here": "deployment",
    }
    return render(request, "reply_texts.html", context)


def _grouped(
    groups: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> Sequence[tuple[str, Sequence[Mapping[str, Any]]]]:
    """(title, rows) of groups that have any; what is in no group stands under the last."""
    title_of = {key: group["title"] for group in groups for key in group["keys"]}
    last = groups[-1]["title"]
    found: dict[str, list[Mapping[str, Any]]] = {group["title"]: [] for group in groups}
    for row in rows:
        found[title_of.get(row["key"], last)].append(row)
    return [(title, listed) for title, listed in found.items() if listed]


class WordingForm(EntryForm):
    """One text."""

    template = "reply_text.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.key = request.match_info["key"]
        if self.key not in now.replies:
            raise refuse(404, "")
        self.shipped = deployment.shipped.contents[REPLIES][self.key]

    def entry(self, now: Effective) -> Any:
        return now.replies[self.key]

    def held(self) -> Given:
        return {"sms": "", **self.entry(self.now)}

    def read(self, form: Form) -> Given:
        return {name: words(form, name) for name in ("text", "sms")}

    def edit(self, given: Given) -> Edit:
        shipped = self.deployment.shipped
        return lambda now: put_wording(now, shipped, self.key, given["text"], given["sms"])

    def around(self) -> Mapping[str, Any]:
        known, used = parameters(), reply_parameters(self.shipped)
        return {
            "key": self.key,
            "shipped": self.shipped,
            "own": self.entry(self.now) != self.shipped,
            "parameters": [
                {"key": one, "name": known[one].name, "needed": one in needed(self.shipped)}
                for one in sorted(used)
            ],
            "usual": {one: known[one].usual for one in used},
            "fullest": {one: known[one].longest_value(self.key) for one in used},
            "longest": LONGEST_TEXT,
            "longest_sms": LONGEST_SMS,
        }


async def back(request: web.Request) -> web.StreamResponse:
    """POST: the wording as shipped."""
    form = await opened(WordingForm, request)
    shipped = form.deployment.shipped
    errors = await save(request, lambda now: shipped_wording(now, shipped, form.key))
    if errors:
        return form.page(errors=errors)
    raise web.HTTPSeeOther(f"{request.path.rpartition('/')[0]}?done=shipped")


ROUTES = (
    web.get("/deployment/replies", replies, name="replies"),
    *form_routes(WordingForm, PATH, "reply"),
    web.post(f"{PATH}/back", back, name="reply_back"),
)
