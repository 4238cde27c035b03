"""设置 → 单位: the tree of offices; adding, renaming, moving and closing one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from backend.catalogue import Catalogue, Unit
from backend.console.deployment_editing import (
    DEPLOYMENT_TEXTS,
    current,
    done_words,
    require_editor,
)
from backend.console.deployment_form import EntryForm, Given, form_routes
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import ORGANISATION, Effective, Shipped
from backend.deployment.function_names import function_names
from backend.deployment.live import Deployment, Edit
from backend.deployment.offices import LONGEST_NAME, UNDER, GivenOffice, put_office, tree
from backend.deployment.services import LEVELS, functions
from backend.web.errors import refuse

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


class OfficeForm(EntryForm):
    """One office, or a new one (`?parent=`)."""

    template = "office.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.code = request.match_info["code"]
        self.is_new = self.code == NEW
        self.unit = now.catalogue.organisation.get(self.code)
        if not self.is_new and self.unit is None:
            raise refuse(404, "")
        self.kept = f"unit_{secrets.token_hex(4)}" if self.is_new else self.code

    def entry(self, now: Effective) -> Any:
        units = now.contents[ORGANISATION]["units"]
        return next((one for one in units if one["code"] == self.code), None)

    def held(self) -> Given:
        if self.unit is None:
            county = self.now.catalogue.county.code
            parent = self.request.query.get("parent", "")
            above = parent if parent in self.now.catalogue.organisation else county
            kind = "department" if above == county else "office"
            return {"name": "", "type": kind, "parent": above, "function": "", "active": True}
        return {
            "name": self.unit.name,
            "type": self.unit.type,
            "parent": self.unit.parent or "",
            "function": self.unit.function or "",
            "active": self.unit.active,
        }

    def read(self, form: Form) -> Given:
        """What a form may not change stays: type, parent and function of a place's own unit."""
        given: dict[str, Any] = {"name": words(form, "name")}
        given["active"] = self.is_new or words(form, "active") == "1"
        names = ("type", "parent", "function")
        if self._is_a_place() or self._is_the_county():
            return {**given, **{name: getattr(self.unit, name) or "" for name in names}}
        return {**given, **{name: words(form, name) for name in names}}

    def edit(self, given: Given) -> Edit:
        function = given["function"]
        if function == NEW_FUNCTION:
            function = f"own_{secrets.token_hex(4)}"
        division = (self.unit.division or "") if self.unit else ""
        office = GivenOffice(**{**given, "function": function, "division": division})
        return lambda now: put_office(now, self.kept, office)

    def around(self) -> Mapping[str, Any]:
        return {
            "code": self.code,
            "is_new": self.is_new,
            "is_county": self._is_the_county(),
            "has_place": self._is_a_place(),
            "types": ADDED,
            "parents": [
                (depth, one)
                for depth, one in tree(self.now.catalogue)
                if one.active
                and one.code != self.code
                and set(UNDER.get(one.type, ())) & set(ADDED)
            ],
            "functions": _functions(self.now, self.deployment.shipped),
            "new_function": NEW_FUNCTION,
            "longest": LONGEST_NAME,
        }

    def address(self) -> str:
        return f"/console/deployment/offices/{self.kept}"

    def _is_the_county(self) -> bool:
        return self.unit is not None and self.unit.parent is None

    def _is_a_place(self) -> bool:
        return self.unit is not None and self.unit.division is not None


def _functions(now: Effective, shipped: Shipped) -> Mapping[str, Sequence[tuple[str, str]]]:
    """(code, name) by level, by name."""
    found = {}
    for level in LEVELS:
        names = function_names(now.catalogue, shipped.catalogue, level)
        listed = [(code, names.get(code, code)) for code in functions(now.catalogue, level)]
        found[level] = sorted(listed, key=lambda pair: pair[1])
    return found


ROUTES = (
    web.get("/deployment/offices", offices, name="offices"),
    *form_routes(OfficeForm, PATH, "office"),
)
