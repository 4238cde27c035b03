"""The report of a benchmark: table, file, exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Target, finish, percentile, table


def test_table_lines_up_chinese_and_numbers() -> None:
    shown = table([{"做法": "乡音", "turns/s": 840.0}, {"做法": "stock", "turns/s": 9.5}])
    assert shown.split("\n") == [
        "做法   turns/s",
        "-----  -------",
        "乡音       840",
        "stock      9.5",
    ]


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (95, 95), (100, 100), (1, 1)])
def test_percentile_is_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_finish_writes_what_is_needed_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    met = Target("ratio", 6.5, at_least=6)
    missed = Target("p95 ms", 130.0, at_most=120)
    assert finish("x", [{"a": 1}], [met], folder=tmp_path) == 0
    assert finish("x", [{"a": 1}], [met, missed], folder=tmp_path) == 1
    written = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert written["rows"] == [{"a": 1}]
    assert [target["met"] for target in written["targets"]] == [True, False]
    assert written["machine"]["cores"] >= 1
    assert len(written["commit"]) == 40
    assert "✗ p95 ms: 130 (≤ 120)" in capsys.readouterr().out
