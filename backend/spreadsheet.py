"""Excel files written row by row in constant memory. Blocks: call it from a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from backend.clock import SHANGHAI

LONGEST_CELL = 32_767
CUT_MARK = "…（太长，后面的没有导出）"
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters."""

    title: str
    width: int


class Book:
    """A file of sheets; each sheet is written to its end before the next is begun."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(path.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._title = self._book.add_format({"bold": True, "bg_color": "#E3F1ED", "bottom": 1})
        self._formats = {
            datetime: self._book.add_format({"num_format": "yyyy-mm-dd hh:mm", "valign": "top"}),
            date: self._book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"}),
            str: self._book.add_format({"text_wrap": True, "valign": "top"}),
            float: self._book.add_format({"num_format": "0.0", "valign": "top"}),
            int: self._book.add_format({"valign": "top"}),
        }

    def sheet(self, name: str, notes: Sequence[str], columns: Sequence[Column]) -> Sheet:
        """The next sheet, `name` of at most 31 characters."""
        return Sheet(self._book.add_worksheet(name), self._title, self._formats, notes, columns)

    def close(self) -> None:
        """Finish the file; without it there is none."""
        self._book.close()


class Sheet:
    """Lines of notes, a line of titles, then rows as they are added."""

    def __init__(
        self,
        sheet: Any,
        title: Any,
        formats: Mapping[type, Any],
        notes: Sequence[str],
        columns: Sequence[Column],
    ) -> None:
        self._sheet = sheet
        self._formats = formats
        for position, column in enumerate(columns):
            self._sheet.set_column(position, position, column.width)
        for line, note in enumerate(notes):
            self._sheet.write_string(line, 0, plain(note))
        self._next = len(notes)
        for position, column in enumerate(columns):
            self._sheet.write_string(self._next, position, plain(column.title), title)
        self._next += 1
        self._sheet.freeze_panes(self._next, 1)

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Append rows; times are written as Asia/Shanghai."""
        for row in rows:
            for position, cell in enumerate(row):
                self._write(position, cell)
            self._next += 1

    def _write(self, position: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        layout = self._formats[type(cell)]
        if isinstance(cell, datetime):
            there = cell.astimezone(SHANGHAI).replace(tzinfo=None)
            self._sheet.write_datetime(self._next, position, there, layout)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._next, position, cell, layout)
        elif isinstance(cell, str):
            self._sheet.write_string(self._next, position, plain(cell), layout)
        else:
            self._sheet.write_number(self._next, position, cell, layout)


def plain(words: str) -> str:
    """Words no spreadsheet takes for a formula, also once saved as CSV: an apostrophe goes before
    = + - @; and no longer than a cell holds, a cut being said."""
    if words.startswith(_FORMULA_SIGNS):
        words = f"'{words}"
    if len(words) > LONGEST_CELL:
        words = words[: LONGEST_CELL - len(CUT_MARK)] + CUT_MARK
    return words
