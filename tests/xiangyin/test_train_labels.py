"""`xiangyin train --in`: any labels from a table, and what is said of tables that will not do."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.triage.label_model import load_label_model
from tests.learning.test_own_labels import rows
from xiangyin.cli import main

Write = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Write:
    """Writes a table of texts and offices, with more rows where given."""

    def write(*more: tuple[str, str], encoding: str = "utf-8-sig") -> Path:
        file = tmp_path / "旧件.csv"
        with file.open("w", encoding=encoding, newline="") as opened:
            out = csv.writer(opened)
            out.writerow(("编号", "内容", "承办部门"))
            texts, labels = rows()
            for number, row in enumerate([*zip(texts, labels, strict=True), *more]):
                out.writerow((number, *row))
        return file

    return write


def train(file: Path, out: Path, label: str = "承办部门") -> int:
    return main(["train", "--in", str(file), "--text", "内容", "--label", label, "--out", str(out)])


@pytest.mark.parametrize(
    ("encoding", "name"), [("utf-8-sig", "UTF-8（带 BOM）"), ("gb18030", "GB18030")]
)
def test_a_model_of_the_labels_is_written_with_its_card(
    table: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str, name: str
) -> None:
    file = table(("", "水利局"), ("路坏了", " "), ("河里有死鱼", "环保局"), encoding=encoding)
    out = tmp_path / "部门.npz"
    assert train(file, out) == 0
    said = capsys.readouterr().out
    assert f"旧件.csv（{name}）：121 条，4 个标签；没有学：内容是空的 1 条、没有标签的 1 条" in said
    assert "只有一条（或几条几乎一样）的标签学了，没法检验：环保局" in said
    assert "正确率" in said
    model = load_label_model(out)
    assert set(model.head.classes) == {"水利局", "交通局", "教育局", "环保局"}
    card = json.loads((tmp_path / "部门.json").read_text(encoding="utf-8"))
    assert card["labels"]["水利局"] == 40
    assert card["trial"]["untried"] == ["环保局"]
    assert 0.5 < card["trial"]["macro_f1"] <= 1


def test_what_will_not_do_is_said(
    table: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = table(), tmp_path / "m.npz"
    assert train(file, out, "部门") == 1
    assert "没有“部门”这一列，有的列是：编号、内容、承办部门" in capsys.readouterr().err
    assert train(tmp_path / "none.csv", out) == 1
    assert "读不到" in capsys.readouterr().err
    assert train(file, tmp_path / "none" / "m.npz") == 1
    assert "没有文件夹" in capsys.readouterr().err
    assert train(file, tmp_path / "m.json") == 1
    assert "请以 .npz 结尾" in capsys.readouterr().err
    file.write_text("内容,承办部门\n停水了,水利局\n没水了,水利局\n", encoding="utf-8")
    assert train(file, out) == 1
    assert "至少要有两种标签，现在有 1 种" in capsys.readouterr().err
    file.write_text("内容,承办部门\n停水了,水利局\n没灯了,交通局\n", encoding="utf-8")
    assert train(file, out) == 1
    assert "每个标签都只有一条" in capsys.readouterr().err
    file.write_bytes(b"\xff\xff\xff\xff")
    assert train(file, out) == 1
    assert "编码认不出来" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--in", "a.csv"),
        ("--in", "a.csv", "--text", "x", "--label", "y"),
        ("--in", "a", "--text", "x", "--label", "y", "--out", "m", "--rollback"),
        ("--history", "a.csv", "--text", "x"),
        ("--kind", "x"),
        ("--force", " "),
    ],
)
def test_options_that_do_not_go_together_are_misuse(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["train", *arguments])
    assert left.value.code == 2
