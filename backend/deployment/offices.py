"""Changing the organisation: offices added, renamed, moved, closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.catalogue import Catalogue, Unit
from backend.deployment.effective import ORGANISATION, Contents, Effective
from backend.deployment.refusal import Problem, refuse_if_any

TYPES = ("department", "township", "office", "station", "community", "village")
# What may lie under what.
UNDER: Mapping[str, tuple[str, ...]] = {
    "county": ("department", "township", "office", "station"),
    "department": ("office", "station"),
    "township": ("office", "station", "community", "village"),
    "office": ("station",),
}
LONGEST_NAME = 60
MOST_UNITS = 5_000


@dataclass(frozen=True)
class GivenOffice:
    """As a form gives it; `function` and `division` may be ''. The county has no `parent`."""

    name: str
    type: str
    parent: str
    function: str
    division: str
    active: bool = True


def put_office(now: Effective, code: str, given: GivenOffice) -> Contents:
    """The organisation with this unit as given, a new one where `code` is new. Raises
    ChangeRefused."""
    units = now.catalogue.organisation
    name = given.name.strip()
    is_county = code in units and units[code].parent is None
    problems = _name_problems(units, code, given.parent, name)
    if not is_county:
        problems += _place_problems(now.catalogue, code, given)
        problems += _function_problems(units, code, given)
        problems += _closing_problems(units, code, given)
    refuse_if_any(problems)
    entry: dict[str, Any] = {"code": code, "name": name}
    if is_county:
        entry |= {"type": "county", "division": units[code].division}
    else:
        entry |= {"type": given.type, "parent": given.parent, "active": given.active}
        entry |= {key: value for key, value in _optional(given) if value}
    old = now.contents[ORGANISATION]["units"]
    known = code in units
    changed = [entry if one["code"] == code else one for one in old]
    return {ORGANISATION: {"units": changed if known else [*old, entry]}}


def tree(catalogue: Catalogue) -> Iterator[tuple[int, Unit]]:
    """(depth from 0, unit), each parent before its children, in the data's order."""
    children: dict[str | None, list[Unit]] = {}
    for unit in catalogue.organisation.values():
        children.setdefault(unit.parent, []).append(unit)

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Unit]]:
        for unit in children.get(parent, ()):
            yield depth, unit
            yield from below(unit.code, depth + 1)

    return below(None, 0)


def _optional(given: GivenOffice) -> Sequence[tuple[str, str]]:
    return (("function", given.function), ("division", given.division))


def _name_problems(units: Mapping[str, Unit], code: str, parent: str, name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "empty")]
    if len(name) > LONGEST_NAME:
        return [Problem("name", "long", {"longest": LONGEST_NAME, "length": len(name)})]
    twins = (u for u in units.values() if u.name == name and u.code != code and u.active)
    if any((unit.parent or "") == parent for unit in twins):
        return [Problem("name", "name_taken", {"given": name})]
    return [Problem("name", "too_many", {"most": MOST_UNITS})] if len(units) > MOST_UNITS else []


def _place_problems(catalogue: Catalogue, code: str, given: GivenOffice) -> list[Problem]:
    units = catalogue.organisation
    parent = units.get(given.parent)
    found = []
    if given.type not in TYPES:
        found.append(Problem("type", "choose"))
    if parent is None or not parent.active:
        found.append(Problem("parent", "choose"))
    elif given.type in TYPES and given.type not in UNDER.get(parent.type, ()):
        found.append(Problem("parent", "not_under", {"parent": parent.name}))
    elif code in _line(units, given.parent):
        found.append(Problem("parent", "circle"))
    if given.division and given.division not in catalogue.divisions:
        found.append(Problem("division", "choose"))
    served = given.division and given.type in ("township", "village", "community")
    twin = next(
        (u for u in units.values() if u.division == given.division and u.code != code), None
    )
    if served and twin and twin.active and given.active:
        found.append(Problem("division", "division_taken", {"office": twin.name}))
    return found


def _line(units: Mapping[str, Unit], code: str) -> list[str]:
    """`code` and all above it."""
    found: list[str] = []
    step: str | None = code
    while step is not None and step in units:
        found.append(step)
        step = units[step].parent
    return found


def _function_problems(units: Mapping[str, Unit], code: str, given: GivenOffice) -> list[Problem]:
    if not given.function or not given.active:
        return []
    for unit in units.values():
        same = unit.parent == given.parent and unit.function == given.function
        if same and unit.code != code and unit.active:
            return [Problem("function", "function_taken", {"office": unit.name})]
    return []


def _closing_problems(units: Mapping[str, Unit], code: str, given: GivenOffice) -> list[Problem]:
    if given.active:
        return []
    below = [unit for unit in units.values() if unit.parent == code and unit.active]
    return [Problem("active", "children", {"count": len(below)})] if below else []
