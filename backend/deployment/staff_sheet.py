"""Step 3 of set-up: staff from a sheet. Pure; staff_intake.py makes their accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from backend.deployment.sheets import Row, SheetRefused, Wrong
from backend.organisation.roles import Role
from backend.organisation.users import normal_login

SHEET = "人员"
LOGIN, NAME, OFFICE, ROLE = "账号", "姓名", "单位", "角色"
COLUMNS = (LOGIN, NAME, OFFICE, ROLE)
MOST_STAFF = 300
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class NewStaff:
    """One person of the sheet; `org_id` is their office's."""

    login: str
    name: str
    org_id: int
    org_name: str
    role: Role


def staff_of_rows(
    rows: Sequence[Row],
    offices: Mapping[str, Sequence[int]],
    roles: Mapping[str, Role],
    taken: Collection[str],
) -> list[NewStaff]:
    """`offices`: ids by name; `roles` by their word; `taken`: log-ins that are someone's already.
    Raises SheetRefused."""
    errors: list[Wrong] = []
    found: list[NewStaff] = []
    seen: set[str] = set()
    for row in rows:
        wrong, login = _login_errors(row, seen, taken)
        cells = row.cells
        if not cells[NAME]:
            wrong.append(Wrong(SHEET, row.number, NAME, "filled"))
        elif len(cells[NAME]) > LONGEST_NAME:
            wrong.append(
                Wrong(SHEET, row.number, NAME, "shorter", cells[NAME], {"longest": LONGEST_NAME})
            )
        ids = offices.get(cells[OFFICE], ())
        if len(ids) != 1:
            expected = "office_once" if ids else "office"
            wrong.append(Wrong(SHEET, row.number, OFFICE, expected, cells[OFFICE]))
        role = roles.get(cells[ROLE])
        if role is None:
            params = {"choice": "、".join(roles)}
            wrong.append(Wrong(SHEET, row.number, ROLE, "one_of", cells[ROLE], params))
        if not wrong and role is not None:
            found.append(NewStaff(login, cells[NAME], ids[0], cells[OFFICE], role))
        seen.add(login)
        errors += wrong
    if errors:
        raise SheetRefused(errors)
    return found


def _login_errors(
    row: Row, seen: Collection[str], taken: Collection[str]
) -> tuple[list[Wrong], str]:
    given = row.cells[LOGIN]
    login = normal_login(given)
    expected = (
        ("login" if given else "filled")
        if not login
        else "once"
        if login in seen
        else "login_free"
        if login in taken
        else None
    )
    return [Wrong(SHEET, row.number, LOGIN, expected, given)] if expected else [], login
