"""设置 → 乡镇村居: townships and villages with what people call them and what lies in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from backend.catalogue import Division
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
from backend.deployment.effective import Effective
from backend.deployment.places import DIGITS, LONGEST_NAME, GivenPlace, put_place
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

PATH = "/deployment/places/{code:new|[0-9]{6,12}}"
NEW = "new"


async def places(request: web.Request) -> web.StreamResponse:
    """GET: the county, its townships and their villages."""
    require_editor(request)
    _, now = await current(request)
    divisions = list(now.catalogue.divisions.values())
    county = next(one for one in divisions if one.parent is None)
    towns = [
        (town, [one for one in divisions if one.parent == town.code])
        for town in divisions
        if town.parent == county.code
    ]
    context = {
        "words": request.app[DEPLOYMENT_TEXTS],
        "county": county,
        "towns": towns,
        "here": "deployment",
    }
    return render(request, "places.html", context)


async def place(request: web.Request) -> web.StreamResponse:
    """GET: one place, or the form of a new one (`?parent=`)."""
    return await _page(request)


async def _page(
    request: web.Request, given: Mapping[str, str] | None = None, errors: Errors | None = None
) -> web.Response:
    require_editor(request)
    _, now = await current(request)
    code, divisions = request.match_info["code"], now.catalogue.divisions
    parent = request.query.get("parent", "") if code == NEW else _parent(now, code)
    above = divisions.get(parent) if parent else None
    if code == NEW and (above is None or above.level == "village"):
        raise refuse(404, "")
    level = divisions[code].level if code != NEW else _below(above)
    context = {
        "code": code,
        "is_new": code == NEW,
        "level": level,
        "above": above,
        "digits": DIGITS[level],
        "given": given or _given(divisions.get(code), above),
        "longest": LONGEST_NAME,
    }
    return show_form(request, "place.html", context, errors)


def _parent(now: Effective, code: str) -> str | None:
    """Raises a 404 for an unknown place."""
    found = now.catalogue.divisions.get(code)
    if found is None:
        raise refuse(404, "")
    return found.parent


def _below(above: Division | None) -> str:
    return "township" if above is not None and above.level == "county" else "village"


def _given(one: Division | None, above: Division | None) -> Mapping[str, str]:
    """What the form holds at first; of a new code, the part that is sure."""
    if one is None:
        start = above.code if above else ""
        empty = dict.fromkeys(("name", "aliases", "landmarks", "at"), "")
        return {"code": start, **empty, SEAL: seal(None)}
    return {
        "code": one.code,
        "name": one.names[0],
        "aliases": "、".join(one.names[1:]),
        "landmarks": "、".join(one.landmarks),
        "at": f"{one.at[0]}, {one.at[1]}" if one.at else "",
        SEAL: seal(_sealed(one)),
    }


def _sealed(one: Division | None) -> object:
    return [one.names, one.landmarks, one.at] if one else None


async def change(request: web.Request) -> web.StreamResponse:
    """POST: one place as the form has it; `parent` and `code` are read for a new one."""
    require_editor(request)
    _, now = await current(request)
    form, code = await posted_form(request), request.match_info["code"]
    parent = request.query.get("parent", "") if code == NEW else _parent(now, code)
    shown: dict[str, Any] = {
        name: words(form, name) for name in ("name", "aliases", "landmarks", "at", SEAL)
    }
    shown["code"] = words(form, "code").strip() if code == NEW else code
    if code == NEW and shown["code"] in now.catalogue.divisions:
        taken = request.app[DEPLOYMENT_TEXTS].problems["name_taken"]
        return await _page(request, shown, {"code": [taken.format(given=shown["code"])]})
    given = GivenPlace(
        shown["code"],
        shown["name"],
        parent or "",
        shown["aliases"],
        shown["landmarks"],
        shown["at"],
    )
    errors = await save(
        request,
        lambda now: put_place(now, given),
        lambda now: _sealed(now.catalogue.divisions.get(given.code)),
    )
    if errors:
        return await _page(request, shown, errors)
    raise web.HTTPSeeOther(f"/console/deployment/places/{given.code}?done=saved")


ROUTES = (
    web.get("/deployment/places", places, name="places"),
    web.get(PATH, place, name="place"),
    web.post(PATH, change),
)
