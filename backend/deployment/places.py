"""Changing the divisions: townships and villages, what people call them, what lies in them.

A township or village has its unit in the organisation, which is added and renamed with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from backend.catalogue import Catalogue, Point
from backend.deployment.effective import DIVISIONS, ORGANISATION, Contents, Effective
from backend.deployment.refusal import Problem, refuse_if_any
from backend.deployment.services import apart

LONGEST_NAME = 30
MOST_NAMES = 60
DIGITS = {"county": 6, "township": 9, "village": 12}
_POINT = re.compile(r"\s*(\d{1,2}(?:\.\d{1,8})?)\s*[,，、\s]\s*(\d{1,3}(?:\.\d{1,8})?)\s*")
_IN_CHINA: TypeAdapter[tuple[float, float]] = TypeAdapter(Point)
_COMMUNITY = re.compile(r"(社区|居委会|居民委员会)$")


@dataclass(frozen=True)
class GivenPlace:
    """As a form gives it; `aliases` and `landmarks` are text with names apart by commas, `at` is
    'latitude, longitude' or empty."""

    code: str
    name: str
    parent: str
    aliases: str
    landmarks: str
    at: str = ""


def put_place(now: Effective, given: GivenPlace) -> Contents:
    """The divisions (and organisation) with this one as given; new where its code is new. The
    code of the county's own division changes its name alone. Raises ChangeRefused."""
    divisions = now.catalogue.divisions
    name, aliases, landmarks = given.name.strip(), apart(given.aliases), apart(given.landmarks)
    is_new = given.code not in divisions
    problems = _name_problems(now.catalogue, given, name)
    problems += _names_problems("aliases", aliases) + _names_problems("landmarks", landmarks)
    point = read_point(given.at)
    if given.at.strip() and point is None:
        problems.append(Problem("at", "point", {"given": given.at.strip()[:LONGEST_NAME]}))
    if is_new:
        problems += _new_problems(now.catalogue, given)
    refuse_if_any(problems)
    entry: dict[str, Any] = {"code": given.code, "name": name, "aliases": aliases}
    old = now.contents[DIVISIONS]
    if not is_new and divisions[given.code].parent is None:
        return {
            DIVISIONS: {**old, "county": entry},
            ORGANISATION: _renamed(now, given.code, name),
        }
    entry["landmarks"] = landmarks
    if point is not None:
        entry["at"] = list(point)
    towns = [_with(town, entry, given) for town in old["townships"]]
    if is_new and given.parent == now.contents[DIVISIONS]["county"]["code"]:
        towns.append({**entry, "villages": []})
    organisation = _added(now, given, name) if is_new else _renamed(now, given.code, name)
    return {DIVISIONS: {**old, "townships": towns}, ORGANISATION: organisation}


def read_point(text: str) -> tuple[float, float] | None:
    """'33.4536, 113.5532' as latitude and longitude; None where it is no point in China."""
    found = _POINT.fullmatch(text)
    if found is None:
        return None
    try:
        return _IN_CHINA.validate_python((float(found[1]), float(found[2])))
    except ValidationError:
        return None


def unit_type(name: str, level: str) -> str:
    """What a township's, village's or community's own unit is."""
    if level == "township":
        return "township"
    return "community" if _COMMUNITY.search(name) else "village"


def _with(town: Mapping[str, Any], entry: Mapping[str, Any], given: GivenPlace) -> dict[str, Any]:
    """The township with `entry` put where it belongs, if it belongs here."""
    if town["code"] == given.code:
        return {**entry, "villages": town["villages"]}
    villages = [entry if one["code"] == given.code else one for one in town["villages"]]
    if town["code"] == given.parent and entry not in villages:
        villages.append(entry)
    return {**town, "villages": villages}


def _renamed(now: Effective, division: str, name: str) -> dict[str, Any]:
    """Units that bear the division's old name get the new one, also where it stands before."""
    old = now.catalogue.divisions[division].name
    units = now.contents[ORGANISATION]["units"]
    return {
        "units": [
            {**one, "name": one["name"].replace(old, name, 1)}
            if one.get("division") == division
            else one
            for one in units
        ]
    }


def _added(now: Effective, given: GivenPlace, name: str) -> dict[str, Any]:
    units = now.contents[ORGANISATION]["units"]
    above = next(u for u in now.catalogue.organisation.values() if u.division == given.parent)
    level = "township" if above.parent is None else "village"
    unit = {
        "code": f"place_{given.code}",
        "name": name if level == "township" else f"{above.name}{name}",
        "type": unit_type(name, level),
        "parent": above.code,
        "division": given.code,
    }
    return {"units": [*units, unit]}


def _name_problems(catalogue: Catalogue, given: GivenPlace, name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "empty")]
    if len(name) > LONGEST_NAME:
        return [Problem("name", "long", {"longest": LONGEST_NAME, "length": len(name)})]
    known = catalogue.divisions.get(given.code)
    parent = known.parent if known else given.parent
    twins = (d for d in catalogue.divisions.values() if d.parent == parent and d.names[0] == name)
    taken = any(one.code != given.code for one in twins)
    return [Problem("name", "name_taken", {"given": name})] if taken else []


def _names_problems(field: str, names: Sequence[str]) -> list[Problem]:
    if len(names) > MOST_NAMES:
        return [Problem(field, "too_many", {"most": MOST_NAMES, "count": len(names)})]
    return [
        Problem(field, "word_long", {"given": one, "longest": LONGEST_NAME})
        for one in names
        if len(one) > LONGEST_NAME
    ]


def _new_problems(catalogue: Catalogue, given: GivenPlace) -> list[Problem]:
    parent = catalogue.divisions.get(given.parent)
    if parent is None or parent.level == "village":
        return [Problem("parent", "choose")]
    if not any(unit.division == parent.code for unit in catalogue.organisation.values()):
        return [Problem("parent", "no_unit", {"place": parent.name})]
    digits = DIGITS["township" if parent.level == "county" else "village"]
    right = given.code.isascii() and given.code.isdigit() and len(given.code) == digits
    if not right or not given.code.startswith(parent.code):
        params: dict[str, str | int] = {"digits": digits, "start": parent.code}
        return [Problem("code", "division_code", {**params, "given": given.code or "空"})]
    return []
