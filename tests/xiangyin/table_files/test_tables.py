"""Tables are read as they are and written again with nothing else changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiangyin.table_files import reading
from xiangyin.table_files.progress import Progress, bar
from xiangyin.table_files.reading import open_table
from xiangyin.table_files.refusal import TableRefused
from xiangyin.table_files.writing import BATCH, Written, add_columns, change_column

CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def lengths(texts: Sequence[str]) -> list[Sequence[str]]:
    return [(str(len(text)), "有" if text else "无") for text in texts]


def added(source: Path, target: Path, column: str = "内容") -> Written:
    with open_table(source) as table:
        return add_columns(table, column, ("长度", "有无"), lengths, target)


def rows_of(file: Path, codec: str = "utf-8") -> list[list[str]]:
    with file.open(encoding=codec, newline="") as lines:
        return list(csv.reader(lines))


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_result_is_of_the_same_make(tmp_path: Path, codec: str, line_end: str) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    lines = ["编号,内容,备注", '1,"路灯\r\n不亮，""两""周了",', "2,,𠮷", "3,水浑"]
    source.write_bytes(line_end.join([*lines, "", ""]).encode(codec))
    assert added(source, target) == Written(rows=3, empty=1)
    expected = [
        "编号,内容,备注,长度,有无",
        '1,"路灯\r\n不亮，""两""周了",,12,有',
        "2,,𠮷,0,无",
        "3,水浑,,2,有",
    ]
    assert target.read_bytes() == line_end.join([*expected, ""]).encode(codec)


@given(st.lists(st.tuples(CELL, CELL), max_size=2 * BATCH), st.sampled_from(["\n", "\r\n"]))
def test_every_cell_comes_through(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], line_end: str
) -> None:
    folder = tmp_path_factory.mktemp("t")
    source, target = folder / "in.csv", folder / "out.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        out.writerows([("备注", "内容"), *rows])
    assert added(source, target).rows == len(rows)
    assert rows_of(target)[1:] == [
        [note, text, str(len(text)), "有" if text else "无"] for note, text in rows
    ]


def test_one_column_is_changed_and_no_other(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("a,内容,b\nx,一,x\nx,二,x\n", encoding="utf-8")
    with open_table(source) as table:
        change_column(table, "内容", lambda text: text * 2, target)
    assert target.read_text(encoding="utf-8") == "a,内容,b\nx,一一,x\nx,二二,x\n"


def test_a_missing_column_is_said_with_those_there_are(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("编号, 内容 ,同名,同名\n1,一,x,x\n", encoding="utf-8")
    with pytest.raises(TableRefused, match="没有“正文”这一列，有的列是：编号、 内容 、同名、同名"):
        added(source, target, "正文")
    with pytest.raises(TableRefused, match="有 2 列都叫“同名”"):
        added(source, target, "同名")
    assert added(source, target, "内容").rows == 1, "blanks around a title are no other title"


def test_a_clash_of_names_is_said(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("内容,长度\n一,1\n", encoding="utf-8")
    with pytest.raises(TableRefused, match="已经有叫“长度”的列"):
        added(source, target)
    assert not target.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "是空的"),
        ("\n\n", "是空的"),
        ('内容,b\n"一,2\n三,4\n', "第 2 行起读不成表格"),
        ("内容,b\n一,2,3\n", "到第 2 行为止的这一条有 3 格，表头只有 2 格"),
        ("内容,b\n" + "长" * 300 + ",2\n", "第 2 行起读不成表格"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr(reading, "LONGEST_CELL", 200)
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    target.write_text("was here", encoding="utf-8")
    with pytest.raises(TableRefused, match=said):
        added(source, target)
    assert target.read_text(encoding="utf-8") == "was here"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_the_source_is_not_written_over(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("内容\n一\n", encoding="utf-8")
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    for target in (source, link):
        with pytest.raises(TableRefused, match="同一个文件"):
            added(source, target)
    assert source.read_text(encoding="utf-8") == "内容\n一\n"


def test_rows_are_read_in_portions(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("内容\n" + "一\n" * (2 * BATCH + 1), encoding="utf-8")
    seen: list[int] = []

    def count(texts: Sequence[str]) -> list[Sequence[str]]:
        seen.append(len(texts))
        return [("x",) for _ in texts]

    with open_table(source) as table:
        add_columns(table, "内容", ("x",), count, tmp_path / "out.csv")
    assert seen == [BATCH, BATCH, 1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_only() -> None:
    for stream, shown in ((io.StringIO(), False), (Terminal(), True)):
        with Progress(100, stream) as progress:
            progress._last -= 1
            progress.show(50, 7)
        assert ("50%" in stream.getvalue()) is shown
        assert ("7 行" in stream.getvalue()) is shown


def test_the_bar_tells_share_speed_and_what_is_left() -> None:
    assert (
        bar(25, 100, 1200, 3.0) == "██████░░░░░░░░░░░░░░░░░░  25%  1,200 行  400 行/秒  还要 9 秒"
    )
    assert bar(0, 0, 0, 0.0) == "█" * 24 + " 100%  0 行"
