"""Excel files as an office would send them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook

COUNTY = (
    ("乡镇", "村、社区", "区划代码", "俗称", "小区、路名、地标"),
    ("临江镇", "", "990202101", "临江", ""),
    ("临江镇", "江口社区", "", "江口", "江口小区、滨江路"),
    ("临江镇", "上湾村", "", "", ""),
    ("高山乡", "石板村", "", "石板坡", ""),
)
OFFICES = (
    ("名称", "类型", "上级", "职能"),
    ("望江县教育局", "", "", ""),
    ("望江县城市管理局", "县直部门", "", "城市管理和综合执法局"),
    ("临江镇综合行政执法队", "", "临江镇", ""),
    ("临江镇党群服务中心", "办公室", "临江镇", "党群服务中心"),
)
STAFF = (
    ("账号", "姓名", "单位", "角色"),
    ("limin", "李敏", "临江镇", "受理员"),
    ("wangqiang", "王强", "临江镇综合行政执法队", "经办人"),
)


def workbook(sheet: str, rows: Sequence[Sequence[object]]) -> bytes:
    """A file with one sheet of these rows."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def write(folder: Path, sheet: str, rows: Sequence[Sequence[object]]) -> Path:
    """The same on disk, as a browser uploads it."""
    file = folder / f"{sheet}.xlsx"
    file.write_bytes(workbook(sheet, rows))
    return file
