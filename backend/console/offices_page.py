"""设置 → 单位: the tree of offices; adding, renaming, moving and closing one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.catalogue import Catalogue, Unit
from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    SEAL,
    Errors,
    current,
    done_words,
    require_editor,
    save,
    seal,
    show_form,
)
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import ORGANISATION, Effective, Shipped
from backend.deployment.function_names import function_names
from backend.deployment.offices import LONGEST_NAME, UNDER, GivenOffice, put_office, tree
from backend.deployment.services import LEVELS, functions
from backend.web.errors import refuse
from backend.web.posted_form import posted_form

PATH = "/deployment/offices/{code:[a-z][a-z0-9_]{0,63}}"
NEW = "new"
# What is added here; townships and villages come with their place.
ADDED = ("department", "office", "station")
NEW_FUNCTION = "new"


async def offices(request: web.Request) -> web.StreamResponse:
    """GET: the tree."""
    require_editor(request)
    deployment, now = await current(request)
    catalogue = now.catalogue
    names = {level: function_names(catalogue, deployment.shipped.catalogue, level)
             for level in LEVELS}  # fmt: skip
    rows = [
        {
            "code": unit.code,
            "name": unit.name,
            "type": unit.type,
            "depth": depth,
            "active": unit.active,
            "function": _function_words(catalogue, names, unit),
        }
        for depth, unit in tree(catalogue)
    ]
    context = {
        "words": request.app[DEPLOYMENT_TEXTS],
        "branches": _branches(rows),
        "notice": done_words(request),
        "here": "deployment",
    }
    return render(request, "offices.html", context)


def _branches(rows: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[Mapping[str, Any]]]:
    """The county with its departments first, then each township with what is below it."""
    found: list[list[Mapping[str, Any]]] = [[]]
    for row in rows:
        if row["type"] == "township":
            found.append([])
        found[-1 if row["depth"] > 1 or row["type"] == "township" else 0].append(row)
    return found


def _function_words(
    catalogue: Catalogue, names: Mapping[str, Mapping[str, str]], unit: Unit
) -> str:
    parent = catalogue.organisation.get(unit.parent or "")
    if unit.function is None or parent is None:
        return ""
    return names.get(parent.type, {}).get(unit.function, "")


async def office(request: web.Request) -> web.StreamResponse:
    """GET: one office, or the form of a new one (`?parent=`)."""
    return await _page(request)


async def _page(
    request: web.Request, given: Mapping[str, Any] | None = None, errors: Errors | None = None
) -> web.Response:
    require_editor(request)
    deployment, now = await current(request)
    code = request.match_info["code"]
    unit = _unit(now, code)
    context = {
        "code": code,
        "is_new": code == NEW,
        "is_county": unit is not None and unit.parent is None,
        "has_place": unit is not None and unit.division is not None,
        "given": given or _given(now, unit, request.query.get("parent", "")),
        "types": ADDED,
        "parents": [
            (depth, one)
            for depth, one in tree(now.catalogue)
            if one.active and one.code != code and set(UNDER.get(one.type, ())) & set(ADDED)
        ],
        "functions": _functions(now, deployment.shipped),
        "new_function": NEW_FUNCTION,
        "longest": LONGEST_NAME,
    }
    return show_form(request, "office.html", context, errors)


def _unit(now: Effective, code: str) -> Unit | None:
    """None for a new one. Raises a 404."""
    if code == NEW:
        return None
    found = now.catalogue.organisation.get(code)
    if found is None:
        raise refuse(404, "")
    return found


def _functions(now: Effective, shipped: Shipped) -> Mapping[str, Sequence[tuple[str, str]]]:
    """(code, name) by level, by name."""
    found = {}
    for level in LEVELS:
        names = function_names(now.catalogue, shipped.catalogue, level)
        listed = [(code, names.get(code, code)) for code in functions(now.catalogue, level)]
        found[level] = sorted(listed, key=lambda pair: pair[1])
    return found


def _given(now: Effective, unit: Unit | None, parent: str) -> Mapping[str, Any]:
    """What the form holds at first."""
    if unit is None:
        county = now.catalogue.county.code
        above = parent if parent in now.catalogue.organisation else county
        kind = "department" if above == county else "office"
        return {"name": "", "type": kind, "parent": above, "function": "", "active": True,
                SEAL: seal(None)}  # fmt: skip
    return {
        "name": unit.name,
        "type": unit.type,
        "parent": unit.parent or "",
        "function": unit.function or "",
        "active": unit.active,
        SEAL: seal(_entry(now, unit.code)),
    }


def _entry(now: Effective, code: str) -> Any:
    return next((one for one in now.contents[ORGANISATION]["units"] if one["code"] == code), None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST: one office as the form has it."""
    require_editor(request)
    _, now = await current(request)
    code, form = request.match_info["code"], await posted_form(request)
    given = _read(form, _unit(now, code))
    kept = f"unit_{secrets.token_hex(4)}" if code == NEW else code
    errors = await save(
        request, lambda now: put_office(now, kept, given), lambda now: _entry(now, code)
    )
    if errors:
        shown = {**vars(given), "function": words(form, "function"), SEAL: words(form, SEAL)}
        return await _page(request, shown, errors)
    raise web.HTTPSeeOther(f"/console/deployment/offices/{kept}?done=saved")


def _read(form: Form, unit: Unit | None) -> GivenOffice:
    """What a form may not change stays: type, parent and place of a place's own unit."""
    function = words(form, "function")
    if function == NEW_FUNCTION:
        function = f"own_{secrets.token_hex(4)}"
    name, active = words(form, "name"), unit is None or words(form, "active") == "1"
    if unit is not None and (unit.division is not None or unit.parent is None):
        kept = (unit.type, unit.parent or "", unit.function or "", unit.division or "")
        return GivenOffice(name, *kept, active)
    return GivenOffice(name, words(form, "type"), words(form, "parent"), function, "", active)


ROUTES = (
    web.get("/deployment/offices", offices, name="offices"),
    web.get(PATH, office, name="office"),
    web.post(PATH, change),
)
