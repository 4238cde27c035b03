"""What is written is read back, and nothing in it is a formula."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from backend.clock import SHANGHAI
from backend.spreadsheet import CUT_MARK, LONGEST_CELL, Book, Column, plain


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(sign: str) -> None:
    assert plain(f"{sign}1+1") == f"'{sign}1+1"
    assert plain("1+1=2") == "1+1=2"


def test_a_cell_that_is_too_long_says_so() -> None:
    assert plain("长" * LONGEST_CELL) == "长" * LONGEST_CELL
    words = plain("长" * (LONGEST_CELL + 1))
    assert len(words) == LONGEST_CELL
    assert words.endswith(CUT_MARK)


def test_rows_come_back(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = Book(path)
    sheet = book.sheet("诉求", ["说明"], [Column("标题", 20), Column("时间", 20)])
    there = datetime(2026, 11, 23, 9, 30, tzinfo=SHANGHAI)
    sheet.add([["=1+1", there], ["http://a.b/\x01", date(2026, 11, 23)]])
    sheet.add([[None, 2.5], ["007", 3]])
    book.sheet("人数", [], [Column("选项", 20)]).add([["-好"]])
    book.close()
    read = load_workbook(path)["诉求"]
    assert list(read.values) == [
        ("说明", None),
        ("标题", "时间"),
        ("'=1+1", datetime(2026, 11, 23, 9, 30)),
        ("http://a.b/_x0001_", datetime(2026, 11, 23)),
        (None, 2.5),
        ("007", 3),
    ]
    assert {cell.data_type for row in read for cell in row} <= {"s", "n", "d", "inlineStr"}
    assert list(load_workbook(path)["人数"].values) == [("选项",), ("'-好",)]
