"""A table written again, with other or more cells: whole, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path

from xiangyin.table_files.progress import Progress
from xiangyin.table_files.reading import Table
from xiangyin.table_files.refusal import TableRefused

BATCH = 256
"""Rows held at once, whatever the size of the table."""

_QUOTED = re.compile(r'[",\r\n]')

ReadTexts = Callable[[Sequence[str]], Sequence[Sequence[str]]]
"""Cells for each of the texts, as many as there are added columns."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows were written, and how many of them had no text."""

    rows: int
    empty: int


def check_target(table: Table, target: Path) -> None:
    """Raises TableRefused where nothing may or can be written to `target`."""
    if not target.parent.is_dir():
        raise TableRefused(f"没有 {target.parent} 这个文件夹，结果写不进去")
    if target.is_dir():
        raise TableRefused(f"{target} 是文件夹，请写上结果的文件名")
    if target.exists() and target.samefile(table.file):
        raise TableRefused("输出和输入是同一个文件，请给输出另起一个名字")


def add_columns(
    table: Table, text_column: str, names: Sequence[str], read: ReadTexts, target: Path
) -> Written:
    """Write `table` to `target` with the columns `names` behind its own, in its own encoding.
    Raises TableRefused, OSError; then there is no new `target`."""
    text_at = table.column(text_column)
    clash = [name for name in names if name in table.header]
    if clash:
        raise TableRefused(
            f"{table.file.name}：已经有叫“{'”“'.join(clash)}”的列，"
            "结果也要写在这个名字下。请先给原来的列改名"
        )

    def changed(rows: Sequence[list[str]]) -> list[list[str]]:
        found = read([row[text_at] for row in rows])
        return [[*row, *cells] for row, cells in zip(rows, found, strict=True)]

    return _write(table, text_at, [*table.header, *names], changed, target)


def change_column(
    table: Table, text_column: str, change: Callable[[str], str], target: Path
) -> Written:
    """Write `table` to `target` with each text of one column changed and all else as it was.
    Raises TableRefused, OSError; then there is no new `target`."""
    text_at = table.column(text_column)

    def changed(rows: Sequence[list[str]]) -> list[list[str]]:
        return [[*row[:text_at], change(row[text_at]), *row[text_at + 1 :]] for row in rows]

    return _write(table, text_at, table.header, changed, target)


def _write(
    table: Table,
    text_at: int,
    header: Sequence[str],
    changed: Callable[[Sequence[list[str]]], list[list[str]]],
    target: Path,
) -> Written:
    check_target(table, target)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    written = empty = 0
    try:
        with (
            beside.open("w", encoding=table.encoding.codec, newline="") as file,
            Progress(table.size) as progress,
        ):
            file.write(_line(header) + table.line_end)
            for batch in batched(table.rows(), BATCH):
                file.writelines(_line(row) + table.line_end for row in changed(batch))
                written += len(batch)
                empty += sum(not row[text_at].strip() for row in batch)
                progress.show(table.position(), written)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return Written(written, empty)


def _line(cells: Sequence[str]) -> str:
    """A line of CSV without its end. The csv module leaves a carriage return unquoted where lines
    end otherwise, and would not read it again."""
    quoted = (
        '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells
    )
    return ",".join(quoted) or '""'
