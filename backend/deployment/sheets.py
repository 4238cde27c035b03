"""Rows of an uploaded Excel file, read without trusting it, and every error by row and column.

Blocks: call it from a thread. A file is small, its parts unpack to a bounded size, and only so
many rows and columns are looked at, whatever it claims to hold.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

LARGEST_FILE = 2 * 1024 * 1024
LARGEST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 200
MOST_ROWS = 3_000
MOST_COLUMNS = 30
LONGEST_CELL = 1_000
MOST_ERRORS = 200
_TITLE_WITHIN = 5  # rows
# Rows of the template that explain, at their first cell.
SKIPPED = ("说明：", "示例：")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One error: `row` and `column` are as Excel shows them (0, '' for the whole file); `expected`
    is a key of `expected` in deployment.yml with its `params`; `given` is what stands there."""

    sheet: str
    row: int
    column: str
    expected: str
    given: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)


class SheetRefused(ValueError):
    """All errors of a file; nothing is taken from it."""

    def __init__(self, errors: Sequence[Wrong]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = tuple(errors[:MOST_ERRORS])
        self.more = max(0, len(errors) - MOST_ERRORS)


@dataclass(frozen=True, slots=True)
class Row:
    """`number` as Excel shows it; cells by column title, stripped, '' where empty."""

    number: int
    cells: Mapping[str, str]


def read_rows(data: bytes, sheet: str, columns: Sequence[str], most: int = MOST_ROWS) -> list[Row]:
    """The rows of the sheet below its titles, blank and explaining ones left out. Raises
    SheetRefused."""
    _check_size(data, sheet)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            return _rows(book, sheet, columns, most)
        finally:
            book.close()
    except SheetRefused:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        DefusedXmlException,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        SyntaxError,  # XML that is none: ParseError
    ) as error:
        raise SheetRefused([Wrong(sheet, 0, "", "excel")]) from error


def _check_size(data: bytes, sheet: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SheetRefused([Wrong(sheet, 0, "", "excel")]) from error
    # zipfile reads no part beyond the size it claims.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise SheetRefused([Wrong(sheet, 0, "", "smaller")])


def _rows(book: Any, sheet: str, columns: Sequence[str], most: int) -> list[Row]:
    if sheet not in book.sheetnames:
        found = "、".join(str(name)[:31] for name in book.sheetnames[:5])
        raise SheetRefused([Wrong(sheet, 0, "", "sheet", found, {"sheet": sheet})])
    worksheet = book[sheet]
    worksheet.reset_dimensions()  # a file may claim any
    places: dict[str, int] = {}
    rows: list[Row] = []
    lines = worksheet.iter_rows(max_row=most + 50, max_col=MOST_COLUMNS, values_only=True)
    for number, values in enumerate(lines, 1):
        cells = [_text(value) for value in values]
        if not places:
            places = _titles(cells, sheet, number, columns)
        elif any(cells):
            row = Row(number, {title: _cell(cells, place) for title, place in places.items()})
            if not next(iter(cells)).startswith(SKIPPED):
                rows.append(row)
        if len(rows) > most:
            raise SheetRefused([Wrong(sheet, number, "", "rows", "", {"most": most})])
    if not places:
        raise SheetRefused([_no_titles(sheet, columns)])
    if not rows:
        raise SheetRefused([Wrong(sheet, 0, "", "some_rows")])
    return rows


def _titles(
    cells: Sequence[str], sheet: str, number: int, columns: Sequence[str]
) -> dict[str, int]:
    """Column titles to their places; {} for a line before them."""
    places = {title: cells.index(title) for title in columns if title in cells}
    if not places:
        if number >= _TITLE_WITHIN:
            raise SheetRefused([_no_titles(sheet, columns)])
        return {}
    missing = [title for title in columns if title not in places]
    if missing:
        raise SheetRefused(
            [Wrong(sheet, number, title, "column", "、".join(filter(None, cells))[:80])
             for title in missing]
        )  # fmt: skip
    return places


def _no_titles(sheet: str, columns: Sequence[str]) -> Wrong:
    return Wrong(sheet, 1, "", "titles", "", {"columns": "、".join(columns)})


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Excel keeps 990101101 as 990101101.0
    words = "".join(c for c in str(value) if c.isprintable() or c in "\n\t")
    return words.strip()[:LONGEST_CELL]
