"""A CSV file read row by row, its form kept in mind so that it can be written the same way."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from xiangyin.table_files.encoding import Encoding, detect
from xiangyin.table_files.refusal import TableRefused

LONGEST_CELL = 16 * 1024 * 1024
"""Characters. A longer one is a quote that was never closed."""

_LOOKED_AT = 1 << 16


class _Lines(Protocol):
    """The csv module's reader, whose type has no public name."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True)
class Table:
    """An open table: `header` as it stands; `line_end` is what ends its lines; `size` in bytes."""

    file: Path
    encoding: Encoding
    header: list[str]
    line_end: str
    size: int
    _bytes: BinaryIO
    _rows: Iterator[list[str]]

    def rows(self) -> Iterator[list[str]]:
        """Rows after the header, each with as many cells as the header; blank lines are left out.
        Raises TableRefused naming the line."""
        return self._rows

    def position(self) -> int:
        """How many bytes have been read."""
        return self._bytes.tell()

    def column(self, name: str) -> int:
        """Where the column stands. Raises TableRefused naming the columns there are."""
        found = [i for i, title in enumerate(self.header) if title == name]
        found = found or [i for i, title in enumerate(self.header) if title.strip() == name.strip()]
        if len(found) == 1:
            return found[0]
        titles = "、".join(self.header)
        if found:
            raise TableRefused(f"{self.file.name}：有 {len(found)} 列都叫“{name}”，不知道读哪一列")
        raise TableRefused(f"{self.file.name}：没有“{name}”这一列，有的列是：{titles}")


@contextmanager
def open_table(file: Path) -> Iterator[Table]:
    """Open a CSV file in whatever encoding it is. Raises TableRefused, OSError."""
    encoding = detect(file)
    with file.open("rb") as raw:
        text = io.TextIOWrapper(raw, encoding.codec, newline="")
        line_end = _line_end(text.read(_LOOKED_AT))
        text.seek(0)
        csv.field_size_limit(LONGEST_CELL)
        # Strict: a quote that is never closed would swallow the rest of the file unseen.
        lines = csv.reader(text, strict=True)
        rows = _rows(file, lines)
        header = next(rows, None)
        if header is None:
            raise TableRefused(f"{file.name}：是空的，连表头也没有")
        size = file.stat().st_size
        yield Table(file, encoding, header, line_end, size, raw, _even(file, lines, header, rows))


def _rows(file: Path, lines: _Lines) -> Iterator[list[str]]:
    while True:
        begun = lines.line_num + 1
        try:
            row = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            raise TableRefused(
                f"{file.name}：第 {begun} 行起读不成表格，多半是引号没有成对（{error}）"
            ) from error
        if row:
            yield row


def _even(
    file: Path, lines: _Lines, header: list[str], rows: Iterator[list[str]]
) -> Iterator[list[str]]:
    """Short rows filled up: editors leave empty cells at the end out."""
    width = len(header)
    for row in rows:
        if len(row) > width:
            raise TableRefused(
                f"{file.name}：到第 {lines.line_num} 行为止的这一条有 {len(row)} 格，"
                f"表头只有 {width} 格"
            )
        yield row + [""] * (width - len(row))


def _line_end(text: str) -> str:
    """The first line end outside quotes."""
    found = re.search(r"\r?\n", "".join(text.split('"')[::2]))
    return found[0] if found else "\n"
