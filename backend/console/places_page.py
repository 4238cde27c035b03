"""设置 → 乡镇村居: townships and villages with what people call them and what lies in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from backend.catalogue import Division
from backend.console.deployment_editing import DEPLOYMENT_TEXTS, current, require_editor
from backend.console.deployment_form import EntryForm, Given, form_routes
from backend.console.forms import Form, words
from backend.console.rendering import render
from backend.deployment.effective import Contents, Effective
from backend.deployment.live import Deployment, Edit
from backend.deployment.places import DIGITS, LONGEST_NAME, GivenPlace, put_place
from backend.deployment.refusal import refused
from backend.web.errors import refuse

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


# What is written of a place besides its code; `at`: '纬度, 经度'.
_WRITTEN = ("name", "aliases", "landmarks", "at")


class PlaceForm(EntryForm):
    """One place, or a new one (`?parent=`)."""

    template = "place.html"

    def __init__(self, request: web.Request, deployment: Deployment, now: Effective) -> None:
        super().__init__(request, deployment, now)
        self.code, divisions = request.match_info["code"], now.catalogue.divisions
        self.is_new = self.code == NEW
        self.place = divisions.get(self.code)
        if not self.is_new and self.place is None:
            raise refuse(404, "")
        parent = self.place.parent if self.place else request.query.get("parent", "")
        self.above = divisions.get(parent) if parent else None
        if self.is_new and (self.above is None or self.above.level == "village"):
            raise refuse(404, "")
        self.new_code = ""

    def entry(self, now: Effective) -> Any:
        one = now.catalogue.divisions.get(self.code)
        return [one.names, one.landmarks, one.at] if one else None

    def held(self) -> Given:
        """Of a new code, the part that is sure."""
        if self.place is None:
            start = self.above.code if self.above else ""
            return {"code": start, **dict.fromkeys(_WRITTEN, "")}
        return {
            "code": self.code,
            "name": self.place.names[0],
            "aliases": "、".join(self.place.names[1:]),
            "landmarks": "、".join(self.place.landmarks),
            "at": f"{self.place.at[0]}, {self.place.at[1]}" if self.place.at else "",
        }

    def read(self, form: Form) -> Given:
        given = {name: words(form, name) for name in _WRITTEN}
        return {**given, "code": words(form, "code").strip() if self.is_new else self.code}

    def edit(self, given: Given) -> Edit:
        self.new_code = given["code"]
        parent = self.above.code if self.above else ""
        place = GivenPlace(
            given["code"],
            given["name"],
            parent,
            given["aliases"],
            given["landmarks"],
            given["at"],
        )

        def put(now: Effective) -> Contents:
            if self.is_new and place.code in now.catalogue.divisions:
                raise refused("code", "name_taken", given=place.code)
            return put_place(now, place)

        return put

    def around(self) -> Mapping[str, Any]:
        level = self.place.level if self.place else _below(self.above)
        return {
            "code": self.code,
            "is_new": self.is_new,
            "level": level,
            "above": self.above,
            "digits": DIGITS[level],
            "longest": LONGEST_NAME,
        }

    def address(self) -> str:
        return f"/console/deployment/places/{self.new_code or self.code}"


def _below(above: Division | None) -> str:
    return "township" if above is not None and above.level == "county" else "village"


ROUTES = (
    web.get("/deployment/places", places, name="places"),
    *form_routes(PlaceForm, PATH, "place"),
)
