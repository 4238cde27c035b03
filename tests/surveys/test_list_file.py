"""Uploaded lists as officials have them: Excel or CSV, with and without headings and names."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook

from backend.surveys.list_file import (
    LARGEST_FILE,
    MOST_ROWS,
    Entry,
    RowError,
    UnreadableList,
    mobile,
    read_list,
)


def xlsx(rows: list[list[object]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


ROWS: list[list[object]] = [
    ["姓名", "村", "手机号"],
    ["张秀兰", "上柳村", 13800000001],
    ["李大爷", "上柳村", "138 0000 0002"],
    ["王五", "下柳村", "不记得"],
    [None, None, None],
    ["赵六", "下柳村", "+86-13800000001"],
    ["钱七", "下柳村", 13800000003.0],
]
READ = [
    Entry("13800000001", "张秀兰"),
    Entry("13800000002", "李大爷"),
    Entry("13800000003", "钱七"),
]


def test_a_workbook_row_by_row() -> None:
    read = read_list(xlsx(ROWS))
    assert read.entries == READ
    assert read.errors == [RowError(4, "not_a_mobile"), RowError(6, "duplicate", 2)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_excel_and_others_save_it(encoding: str, delimiter: str) -> None:
    lines = [delimiter.join("" if cell is None else str(cell) for cell in row) for row in ROWS]
    read = read_list("\r\n".join(lines).replace("13800000003.0", "13800000003").encode(encoding))
    assert read.entries == READ
    assert [error.line for error in read.errors] == [4, 6]


def test_numbers_alone_need_no_heading() -> None:
    read = read_list(b"13800000001\n13800000002\n")
    assert [one.phone for one in read.entries] == ["13800000001", "13800000002"]
    assert {one.name for one in read.entries} == {""}


def test_a_wrong_first_number_is_an_error_and_no_heading() -> None:
    read = read_list(b"1380000000\n13800000002\n")
    assert read.errors == [RowError(1, "not_a_mobile")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"name\nxx\n", "no_phones"),
        (b"PK\x03\x04 no workbook", "unreadable"),
        (b"\xff\xfe\x00\x01\x02\x00", "unreadable"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        (b"13800000001\n" * (MOST_ROWS + 2), "too_many_rows"),
    ],
)
def test_what_is_no_list_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UnreadableList) as refused:
        read_list(content)
    assert refused.value.problem == problem


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.surveys.list_file.LARGEST_UNPACKED", 1000)
    with pytest.raises(UnreadableList) as refused:
        read_list(xlsx(ROWS))
    assert refused.value.problem == "too_large"


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("13812345678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("12812345678", None),
        ("0551-1234567", None),
        ("1.38E+10", None),
        ("１３８１２３４５６７８", None),
    ],
)
def test_mobile_numbers(words: str, number: str | None) -> None:
    assert mobile(words) == number
