"""Uploaded Excel files: what is read, every error told, and files meant to do harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from openpyxl import load_workbook

from backend.deployment import county_sheet, office_sheet, staff_sheet
from backend.deployment.effective import effective
from backend.deployment.function_names import function_names
from backend.deployment.sheet_files import listing, template
from backend.deployment.sheets import LARGEST_UNPACKED, MOST_ERRORS, SheetRefused, read_rows
from backend.organisation.roles import Role
from tests.console.sheets import COUNTY, OFFICES, STAFF, workbook
from tests.deployment.county import SHIPPED

NOW = effective(SHIPPED, {})
FUNCTIONS = {
    level: {name: code for code, name in function_names(*[SHIPPED.catalogue] * 2, level).items()}
    for level in ("county", "township")
}
ROLES = {"受理员": Role.DISPATCHER, "经办人": Role.HANDLER}


def refused(read: Callable[[], Any]) -> list[tuple[int, str, str, str]]:
    """(row, column, expected, given) of every error."""
    with pytest.raises(SheetRefused) as error:
        read()
    return [(one.row, one.column, one.expected, one.given) for one in error.value.errors]


def county(rows: Sequence[Sequence[object]]) -> Any:
    found = read_rows(workbook("乡镇村居", rows), county_sheet.SHEET, county_sheet.COLUMNS)
    return county_sheet.county_of_rows("望江县", "990202", found)


def offices(rows: Sequence[Sequence[object]]) -> Any:
    now = effective(SHIPPED, county_sheet.county_contents(NOW, county(COUNTY), keep=False))
    found = read_rows(workbook("单位", rows), office_sheet.SHEET, office_sheet.COLUMNS)
    return office_sheet.offices_of_rows(now, found, FUNCTIONS)


def staff(rows: Sequence[Sequence[object]], taken: Sequence[str] = ()) -> Any:
    found = read_rows(workbook("人员", rows), staff_sheet.SHEET, staff_sheet.COLUMNS)
    names = {"临江镇": [3], "临江镇综合行政执法队": [4], "重名的站": [5, 6]}
    return staff_sheet.staff_of_rows(found, names, ROLES, taken)


def test_a_county_is_read_and_missing_codes_are_given() -> None:
    found = county(COUNTY)
    assert found["county"] == {"code": "990202", "name": "望江县"}
    river, hill = found["townships"]
    assert (river["code"], river["aliases"], hill["code"]) == ("990202101", ["临江"], "990202102")
    assert [one["code"] for one in river["villages"]] == ["990202101201", "990202101202"]
    assert river["villages"][0]["landmarks"] == ["江口小区", "滨江路"]


def test_every_error_of_a_county_is_told_at_once() -> None:
    rows = [
        *COUNTY,
        ("", "无主村", "", "", ""),
        ("临江镇", "江口社区", "", "", ""),
        ("临江镇", "新村", "990202102201", "", ""),
        ("临江镇", "长" * 31, 12, "", "短、" + "长" * 31),
    ]
    assert sorted(refused(lambda: county(rows))) == [
        (6, "乡镇", "filled", ""),
        (7, "村、社区", "once", "临江镇江口社区"),
        (8, "区划代码", "division_code", "990202102201"),
        (9, "区划代码", "division_code", "12"),
        (9, "小区、路名、地标", "names", "长" * 31),
        (9, "村、社区", "shorter", "长" * 31),
    ]


def test_offices_find_their_function_by_name_and_stay_the_same_when_read_again() -> None:
    units = {one["name"]: one for one in offices(OFFICES)["organisation"]["units"]}
    assert units["望江县教育局"]["function"] == "education"
    assert units["望江县城市管理局"]["function"] == "urban"
    assert units["临江镇综合行政执法队"]["function"] == "enforcement"
    assert units["临江镇综合行政执法队"]["parent"] == "place_990202101"
    assert units["望江县教育局"]["type"] == "department"
    now = effective(SHIPPED, county_sheet.county_contents(NOW, county(COUNTY), keep=False))
    now = effective(SHIPPED, {**now.contents, "organisation": {"units": list(units.values())}})
    again = office_sheet.offices_of_rows(
        now, read_rows(workbook("单位", OFFICES), "单位", office_sheet.COLUMNS), FUNCTIONS
    )
    assert {one["name"]: one["code"] for one in again["organisation"]["units"]} == {
        name: one["code"] for name, one in units.items()
    }


def test_every_error_of_the_offices_is_told_at_once() -> None:
    rows = [
        *OFFICES,
        ("望江县教育局", "", "", ""),
        ("望江县某局", "局", "", "不知道"),
        ("某站", "站所", "没有的镇", ""),
        ("临江镇执法二队", "", "临江镇", "综合行政执法队"),
        ("临江镇某局", "县直部门", "临江镇", ""),
    ]
    found = refused(lambda: offices(rows))
    assert [(row, column, expected) for row, column, expected, _ in found] == [
        (6, "名称", "once"),
        (7, "类型", "one_of"),
        (7, "职能", "one_of"),
        (8, "上级", "parent"),
        (9, "职能", "free_function"),
        (10, "类型", "under"),
    ]


def test_every_error_of_the_staff_is_told_at_once() -> None:
    assert [one.login for one in staff(STAFF)] == ["limin", "wangqiang"]
    rows = [
        *STAFF,
        ("LiMin", "李敏二", "临江镇", "受理员"),
        ("张三", "张三", "临江镇", "书记"),
        ("admin", "", "重名的站", "经办人"),
    ]
    assert refused(lambda: staff(rows, ["admin"])) == [
        (4, "账号", "once", "LiMin"),
        (5, "账号", "login", "张三"),
        (5, "角色", "one_of", "书记"),
        (6, "账号", "login_free", "admin"),
        (6, "姓名", "filled", ""),
        (6, "单位", "office_once", "重名的站"),
    ]


def test_the_template_s_own_lines_are_no_rows() -> None:
    body = template("人员", staff_sheet.COLUMNS, ["说明：必填"] * 4, [["示例：a", "", "", ""]], {})
    read = refused(lambda: read_rows(body, "人员", staff_sheet.COLUMNS))
    assert read == [(0, "", "some_rows", "")]


def test_a_list_of_passwords_is_kept_to_the_letter() -> None:
    book = load_workbook(io.BytesIO(listing("一次性密码", ["密码"], [["-=+1"], ["=1+1"]])))
    assert [row[0].value for row in book["一次性密码"].iter_rows(min_row=2)] == ["-=+1", "=1+1"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("姓名", "账号")], "column"),
        ([("甲", "乙")] * 9, "titles"),
        ([staff_sheet.COLUMNS], "some_rows"),
        ([staff_sheet.COLUMNS, *[("a", "b", "c", "d")] * 30], "rows"),
    ],
)
def test_a_sheet_of_another_form_is_refused(rows: Any, expected: str) -> None:
    body = workbook("人员", rows)
    found = refused(lambda: read_rows(body, "人员", staff_sheet.COLUMNS, 20))
    assert {one[2] for one in found} == {expected}


def test_another_sheet_is_named() -> None:
    body = workbook("Sheet1", STAFF)
    assert refused(lambda: read_rows(body, "人员", COUNTY[0])) == [(0, "", "sheet", "Sheet1")]


def test_too_many_errors_are_counted() -> None:
    rows = [COUNTY[0], *[("", f"村{number}", "", "", "") for number in range(MOST_ERRORS + 50)]]
    with pytest.raises(SheetRefused) as error:
        county(rows)
    assert (len(error.value.errors), error.value.more) == (MOST_ERRORS, 50)


def _repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    """A good file with its parts changed."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook("人员", STAFF))) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()


def _entities(name: str, body: bytes) -> bytes:
    if not name.endswith("sheet1.xml"):
        return body
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    return bomb + body.replace(b"limin", b"&b;")


def _big(name: str, body: bytes) -> bytes:
    return b" " * (LARGEST_UNPACKED + 1) if name.endswith("styles.xml") else body


def _huge_dimension(name: str, body: bytes) -> bytes:
    return body.replace(b'ref="A1:D3"', b'ref="A1:XFD1048576"')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "excel"),
        (b"PK\x03\x04 not a zip", "excel"),
        (b"<html>", "excel"),
        (_repacked(lambda name, body: b"<x" if name.endswith("sheet1.xml") else body), "excel"),
        (_repacked(lambda name, body: b"" if name == "xl/workbook.xml" else body), "excel"),
        (_repacked(_big), "smaller"),
        (_repacked(_entities), "excel"),
    ],
    ids=["empty", "no zip", "html", "broken sheet", "no workbook", "bomb", "entities"],
)
def test_what_is_no_honest_excel_file_is_refused(body: bytes, expected: str) -> None:
    found = refused(lambda: read_rows(body, "人员", staff_sheet.COLUMNS))
    assert found == [(0, "", expected, "")]


def test_a_claimed_size_is_not_believed() -> None:
    rows = read_rows(_repacked(_huge_dimension), "人员", staff_sheet.COLUMNS)
    assert [row.number for row in rows] == [2, 3]
