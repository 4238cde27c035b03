"""设置 → 对群众说的话: every text by group, searched; one text with its WeChat and SMS wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    SEAL,
    Errors,
    current,
    require_editor,
    save,
    seal,
    show_form,
)
from backend.console.forms import words
from backend.console.rendering import render
from backend.deployment.effective import REPLIES, reply_parameters
from backend.deployment.reply_wording import (
    LONGEST_SMS,
    LONGEST_TEXT,
    needed,
    parameters,
    put_wording,
    shipped_wording,
)
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

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


async def reply(request: web.Request) -> web.StreamResponse:
    """GET: one text."""
    return await _page(request)


async def _page(
    request: web.Request, given: Mapping[str, str] | None = None, errors: Errors | None = None
) -> web.Response:
    require_editor(request)
    deployment, now = await current(request)
    key = request.match_info["key"]
    entry = now.replies.get(key)
    shipped = deployment.shipped.contents[REPLIES].get(key)
    if entry is None or shipped is None:
        raise refuse(404, "")
    known = parameters()
    context = {
        "key": key,
        "given": given or {"sms": "", **entry, SEAL: seal(entry)},
        "shipped": shipped,
        "own": entry != shipped,
        "parameters": [
            {"key": one, "name": known[one].name, "needed": one in needed(shipped)}
            for one in sorted(reply_parameters(shipped))
        ],
        "usual": {one: known[one].usual for one in reply_parameters(shipped)},
        "longest": LONGEST_TEXT,
        "longest_sms": LONGEST_SMS,
    }
    return show_form(request, "reply_text.html", context, errors)


async def change(request: web.Request) -> web.StreamResponse:
    """POST: another wording."""
    require_editor(request)
    deployment, now = await current(request)
    key, form = _known(request, now.replies), await posted_form(request)
    given = {name: words(form, name) for name in ("text", "sms", SEAL)}
    errors = await save(
        request,
        lambda now: put_wording(now, deployment.shipped, key, given["text"], given["sms"]),
        lambda now: now.replies[key],
    )
    if errors:
        return await _page(request, given, errors)
    raise web.HTTPSeeOther(f"{request.path}?done=saved")


async def back(request: web.Request) -> web.StreamResponse:
    """POST: the wording as shipped."""
    require_editor(request)
    deployment, now = await current(request)
    key = _known(request, now.replies)
    errors = await save(request, lambda now: shipped_wording(now, deployment.shipped, key))
    if errors:
        return await _page(request, errors=errors)
    raise web.HTTPSeeOther(f"{request.path.rpartition('/')[0]}?done=shipped")


def _known(request: web.Request, replies: Mapping[str, Any]) -> str:
    key = request.match_info["key"]
    if key not in replies:
        raise refuse(404, "")
    return key


ROUTES = (
    web.get("/deployment/replies", replies, name="replies"),
    web.get(PATH, reply, name="reply"),
    web.post(PATH, change),
    web.post(f"{PATH}/back", back, name="reply_back"),
)
