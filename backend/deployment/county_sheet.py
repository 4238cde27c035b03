"""Step 1 of set-up: the county's townships and villages from a sheet, and the units they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.deployment.effective import DIVISIONS, ORGANISATION, Contents, Effective
from backend.deployment.places import DIGITS, LONGEST_NAME, MOST_NAMES, unit_type
from backend.deployment.services import apart
from backend.deployment.sheets import Row, SheetRefused, Wrong

SHEET = "乡镇村居"
TOWN, VILLAGE, CODE, ALIASES, LANDMARKS = (
    "乡镇",
    "村、社区",
    "区划代码",
    "俗称",
    "小区、路名、地标",
)
COLUMNS = (TOWN, VILLAGE, CODE, ALIASES, LANDMARKS)
_FIRST_TOWN, _FIRST_VILLAGE = 101, 201


def county_of_rows(name: str, code: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The divisions of `rows`: a township's own row has no village; where it has none, its first
    village brings it in. Missing codes are counted on. Raises SheetRefused."""
    errors: list[Wrong] = []
    towns: dict[str, dict[str, Any]] = {}
    seen: set[tuple[str, str]] = set()
    for row in rows:
        errors += _row_errors(row, code)
        town_name, village_name = row.cells[TOWN], row.cells[VILLAGE]
        if (town_name, village_name) in seen:
            given = f"{town_name}{village_name}"
            errors.append(Wrong(SHEET, row.number, VILLAGE, "once", given))
        seen.add((town_name, village_name))
        town = towns.setdefault(town_name, {"code": "", "name": town_name, "villages": []})
        entry = _entry(row, village_name or town_name)
        if village_name:
            town["villages"].append(entry)
        else:
            town.update(entry)
    _give_codes(towns.values(), code)
    errors += _code_errors(rows, towns)
    if errors:
        raise SheetRefused(errors)
    return {"county": {"code": code, "name": name}, "townships": list(towns.values())}


def county_contents(now: Effective, divisions: Mapping[str, Any], *, keep: bool) -> Contents:
    """The divisions and the units they make below the county's own; with `keep` (an organisation
    of the deployment's own) offices stay whose parents do."""
    root, county = now.catalogue.county.code, divisions["county"]
    units = [{"code": root, "name": county["name"], "type": "county", "division": county["code"]}]
    for town in divisions["townships"]:
        town_unit = f"place_{town['code']}"
        units.append(_unit(town_unit, town["name"], "township", root, town["code"]))
        for village in town["villages"]:
            name = f"{town['name']}{village['name']}"
            kind = unit_type(village["name"], "village")
            units.append(_unit(f"place_{village['code']}", name, kind, town_unit, village["code"]))
    codes = {unit["code"] for unit in units}
    for one in now.contents[ORGANISATION]["units"] if keep else ():
        if "division" not in one and one.get("parent") in codes:
            units.append(one)
            codes.add(one["code"])
    return {DIVISIONS: divisions, ORGANISATION: {"units": units}}


def _unit(code: str, name: str, kind: str, parent: str, division: str) -> dict[str, Any]:
    return {"code": code, "name": name, "type": kind, "parent": parent, "division": division}


def _entry(row: Row, name: str) -> dict[str, Any]:
    return {
        "code": row.cells[CODE],
        "name": name,
        "aliases": apart(row.cells[ALIASES]),
        "landmarks": apart(row.cells[LANDMARKS]),
    }


def _give_codes(towns: Any, county: str) -> None:
    """Those without a code get the next free one of their parent."""
    taken = {town["code"] for town in towns}
    for town in towns:
        town["code"] = town["code"] or _next(county, _FIRST_TOWN, taken)
        inside = {village["code"] for village in town["villages"]}
        for village in town["villages"]:
            village["code"] = village["code"] or _next(town["code"], _FIRST_VILLAGE, inside)


def _next(above: str, first: int, taken: set[str]) -> str:
    number = first
    while f"{above}{number}" in taken:
        number += 1
    taken.add(f"{above}{number}")
    return f"{above}{number}"


def _row_errors(row: Row, county: str) -> list[Wrong]:
    found = []
    if not row.cells[TOWN]:
        found.append(Wrong(SHEET, row.number, TOWN, "filled"))
    for title in (TOWN, VILLAGE):
        if len(row.cells[title]) > LONGEST_NAME:
            params = {"longest": LONGEST_NAME}
            found.append(Wrong(SHEET, row.number, title, "shorter", row.cells[title], params))
    for title in (ALIASES, LANDMARKS):
        names = apart(row.cells[title])
        long = next((one for one in names if len(one) > LONGEST_NAME), None)
        if long is not None:
            found.append(Wrong(SHEET, row.number, title, "names", long, {"longest": LONGEST_NAME}))
        if len(names) > MOST_NAMES:
            found.append(
                Wrong(SHEET, row.number, title, "fewer", str(len(names)), {"most": MOST_NAMES})
            )
    digits = DIGITS["village" if row.cells[VILLAGE] else "township"]
    given = row.cells[CODE]
    right = given.isascii() and given.isdigit() and len(given) == digits
    if given and not (right and given.startswith(county)):
        found.append(_bad_code(row, given, digits, county))
    return found


def _code_errors(rows: Sequence[Row], towns: Mapping[str, Mapping[str, Any]]) -> list[Wrong]:
    """Codes used twice, and villages whose code is not of their township."""
    found = []
    used: set[str] = set()
    for row in rows:
        given, town = row.cells[CODE], towns[row.cells[TOWN]]["code"]
        if given and given in used:
            found.append(Wrong(SHEET, row.number, CODE, "once", given))
        elif (
            given
            and row.cells[VILLAGE]
            and len(given) == DIGITS["village"]
            and not given.startswith(town)
        ):
            found.append(_bad_code(row, given, DIGITS["village"], town))
        used.add(given)
    return found


def _bad_code(row: Row, given: str, digits: int, start: str) -> Wrong:
    params: dict[str, str | int] = {"digits": digits, "start": start}
    return Wrong(SHEET, row.number, CODE, "division_code", given, params)
