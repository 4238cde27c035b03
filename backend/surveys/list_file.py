"""An uploaded list of phone numbers: xlsx or csv, read row by row. Blocks: call it from a thread.

The phones stand in the column that holds most of them; names, if any, in the one headed 姓名, else
in the first other column with words.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

LARGEST_FILE = 2 * 1024 * 1024  # bytes
LARGEST_UNPACKED = 64 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 30
LONGEST_NAME = 64
LOOKED_AT = 50  # rows that tell which column is which

_MOBILE = re.compile(r"(?:\+|00)?(?:86)?(1[3-9][0-9]{9})")
_SEPARATORS = str.maketrans("", "", " -()（）\u00a0\u3000\t'")
_NAME_HEADINGS = ("姓名", "名字", "name")

Row = Sequence[str]


class UnreadableList(Exception):
    """`problem`: too_large, unreadable, empty, too_many_rows, no_phones."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Entry:
    """A mobile number of 11 digits, and a name, '' where there is none."""

    phone: str
    name: str


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not taken. `line` as the spreadsheet numbers it. `problem`: not_a_mobile,
    or duplicate, of line `same_as`."""

    line: int
    problem: str
    same_as: int = 0


@dataclass(frozen=True, slots=True)
class ListRead:
    entries: Sequence[Entry]
    errors: Sequence[RowError]


def read_list(content: bytes) -> ListRead:
    """Entries in the file's order, each number once. Raises UnreadableList."""
    if len(content) > LARGEST_FILE:
        raise UnreadableList("too_large")
    rows = []
    for row in _rows(content):
        rows.append(row)
        if len(rows) > MOST_ROWS + 1:  # and a heading
            raise UnreadableList("too_many_rows")
    if not any(any(row) for row in rows):
        raise UnreadableList("empty")
    phones, names = _columns(rows)
    entries: list[Entry] = []
    errors: list[RowError] = []
    first_line: dict[str, int] = {}
    heading = mobile(_cell(rows[0], phones)) is None and not re.search(
        r"\d", _cell(rows[0], phones)
    )
    for line, row in enumerate(rows[1:], 2) if heading else enumerate(rows, 1):
        if not any(row):
            continue
        phone = mobile(_cell(row, phones))
        if phone is None:
            errors.append(RowError(line, "not_a_mobile"))
        elif phone in first_line:
            errors.append(RowError(line, "duplicate", first_line[phone]))
        else:
            first_line[phone] = line
            entries.append(Entry(phone, _cell(row, names)[:LONGEST_NAME]))
    if len(entries) > MOST_ROWS:
        raise UnreadableList("too_many_rows")
    return ListRead(entries, errors)


def mobile(words: str) -> str | None:
    """The 11 digits of a Chinese mobile number, None for anything else."""
    found = _MOBILE.fullmatch(words.translate(_SEPARATORS))
    return found[1] if found else None


def _columns(rows: Sequence[Row]) -> tuple[int, int | None]:
    looked_at = rows[: LOOKED_AT + 1]
    width = max(len(row) for row in looked_at)
    found = [sum(mobile(_cell(row, one)) is not None for row in looked_at) for one in range(width)]
    if not any(found):
        raise UnreadableList("no_phones")
    phones = found.index(max(found))
    headings = [words.strip().lower() for words in rows[0]]
    named = [headings.index(words) for words in _NAME_HEADINGS if words in headings]
    wordy = [
        one
        for one in range(width)
        if one != phones and any(re.search(r"[^\W\d]", _cell(row, one)) for row in rows[1:])
    ]
    return phones, next(iter(named or wordy), None)


def _cell(row: Row, column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


def _rows(content: bytes) -> Iterator[Row]:
    if content.startswith(b"PK"):
        return _of_workbook(content)
    return _of_csv(content)


def _of_workbook(content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > LARGEST_UNPACKED:
                raise UnreadableList("too_large")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # What the file says of its own size may be wrong, or far beyond the last row with words.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True):
            yield [_words(cell) for cell in row]
    except UnreadableList:
        raise
    # openpyxl raises what it happens on in a damaged file.
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        SyntaxError,  # of its XML
    ) as error:
        raise UnreadableList("unreadable") from error


def _words(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # a number as people see it
    return str(cell).strip()


def _of_csv(content: bytes) -> Iterator[Row]:
    words = _decoded(content)
    first = words.partition("\n")[0]
    delimiter = max(",;\t，", key=first.count)
    try:
        for row in csv.reader(io.StringIO(words, newline=""), delimiter=delimiter):
            yield [cell.strip() for cell in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise UnreadableList("unreadable") from error


def _decoded(content: bytes) -> str:
    """Excel in China saves CSV as GB 18030, others as UTF-8."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            words = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in words:
            return words
    raise UnreadableList("unreadable")
