"""Step 2 of set-up: offices below the county and its townships from a sheet."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalogue import Catalogue
from backend.deployment.effective import ORGANISATION, Contents, Effective
from backend.deployment.offices import LONGEST_NAME, UNDER
from backend.deployment.sheets import Row, SheetRefused, Wrong

SHEET = "单位"
NAME, TYPE, PARENT, FUNCTION = "名称", "类型", "上级", "职能"
COLUMNS = (NAME, TYPE, PARENT, FUNCTION)
TYPES = {"县直部门": "department", "办公室": "office", "站所": "station"}

# By level (county, township): function names to codes.
FunctionCodes = Mapping[str, Mapping[str, str]]


def offices_of_rows(now: Effective, rows: Sequence[Row], functions: FunctionCodes) -> Contents:
    """The organisation with its places' units and the offices of `rows`, no others. An empty type
    and function are told by the parent and the name. Raises SheetRefused."""
    kept = [one for one in now.contents[ORGANISATION]["units"] if "division" in one]
    old = _codes_by_name(now.catalogue)
    known = {one["name"]: one for one in kept}
    errors: list[Wrong] = []
    units = list(kept)
    for row in _parents_first(rows, set(known)):
        unit, wrong = _unit(row, known, now.catalogue.county.code, functions)
        errors += wrong
        if unit["name"] in known:
            errors.append(Wrong(SHEET, row.number, NAME, "once", unit["name"]))
            continue
        unit["code"] = old.get((unit["parent"], unit["name"])) or f"unit_{secrets.token_hex(4)}"
        known[unit["name"]] = unit
        if not wrong:
            errors += _taken(row, unit, units)
        units.append(unit)
    if errors:
        raise SheetRefused(sorted(errors, key=lambda one: one.row))
    return {ORGANISATION: {"units": units}}


def _codes_by_name(catalogue: Catalogue) -> Mapping[tuple[str, str], str]:
    """So that an office stays the same one when its file comes again."""
    units = catalogue.organisation.values()
    return {(unit.parent or "", unit.name): unit.code for unit in units}


def _parents_first(rows: Sequence[Row], known: set[str]) -> list[Row]:
    """Rows whose parent stands further down come after it."""
    named = {row.cells[NAME] for row in rows}
    waiting, there = list(rows), set(known)
    ordered: list[Row] = []
    while waiting:
        ready = [r for r in waiting if (p := r.cells[PARENT]) in there or p not in named]
        ready = ready or waiting  # a circle: its parents will not be known, which is told
        ordered += ready
        there |= {row.cells[NAME] for row in ready}
        done = {row.number for row in ready}
        waiting = [row for row in waiting if row.number not in done]
    return ordered


def _unit(
    row: Row, known: Mapping[str, Mapping[str, Any]], root: str, functions: FunctionCodes
) -> tuple[dict[str, Any], list[Wrong]]:
    cells, errors = row.cells, []
    name = cells[NAME]
    if not name:
        errors.append(Wrong(SHEET, row.number, NAME, "filled"))
    elif len(name) > LONGEST_NAME:
        errors.append(Wrong(SHEET, row.number, NAME, "shorter", name, {"longest": LONGEST_NAME}))
    county = next(one for one in known.values() if one["code"] == root)
    parent = known.get(cells[PARENT]) if cells[PARENT] else county
    if parent is None:
        errors.append(Wrong(SHEET, row.number, PARENT, "parent", cells[PARENT]))
    kind = TYPES.get(cells[TYPE])
    if cells[TYPE] and kind is None:
        params = {"choice": "、".join(TYPES)}
        errors.append(Wrong(SHEET, row.number, TYPE, "one_of", cells[TYPE], params))
    above = parent["type"] if parent else "county"
    kind = kind or ("department" if above == "county" else "office")
    if parent and kind not in UNDER.get(above, ()):
        params = {"parent": str(parent["name"])}
        errors.append(Wrong(SHEET, row.number, TYPE, "under", cells[TYPE], params))
    function, wrong = _function(row, name, above, functions)
    unit = {"name": name, "type": kind, "parent": str(parent["code"]) if parent else root}
    if function:
        unit["function"] = function
    return unit, [*errors, *wrong]


def _function(row: Row, name: str, level: str, functions: FunctionCodes) -> tuple[str, list[Wrong]]:
    """As given, or what the end of the name says (…教育局)."""
    known, given = functions.get(level, {}), row.cells[FUNCTION]
    if given:
        if given in known:
            return known[given], []
        params = {"choice": "、".join(known) or "（这一级不用填）"}
        return "", [Wrong(SHEET, row.number, FUNCTION, "one_of", given, params)]
    fitting = sorted((one for one in known if name.endswith(one)), key=len)
    return (known[fitting[-1]], []) if fitting else ("", [])


def _taken(row: Row, unit: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> list[Wrong]:
    """One function has one office under a parent."""
    if "function" not in unit:
        return []
    for other in units:
        same = other.get("parent") == unit["parent"]
        if same and other.get("function") == unit["function"]:
            params = {"office": str(other["name"])}
            return [Wrong(SHEET, row.number, FUNCTION, "free_function", unit["name"], params)]
    return []
