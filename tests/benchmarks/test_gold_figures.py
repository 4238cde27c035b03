"""Figures on gold sentences count what they say they count."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.triage.tagger import Tagger
from benchmarks import personal_data, place_readings
from benchmarks.personal_data import _covered, _touches
from benchmarks.place_readings import _codes_right, _f1, _lac_places

ROWS = [
    {"text": "赵庄村停水", "places": [{"text": "赵庄村", "start": 0, "code": "1"}]},
    {"text": "没水喝", "places": []},
]


@pytest.mark.parametrize(
    ("found", "f1"),
    [
        ({"赵庄村停水": [(0, 3, "1")]}, 1.0),
        ({"赵庄村停水": [(0, 2, "1")]}, 0.0),
        ({"赵庄村停水": [(0, 3, "1")], "没水喝": [(0, 1, None)]}, pytest.approx(2 / 3)),
        ({}, 0.0),
    ],
)
def test_f1_is_of_exact_spans(found: dict[str, list[place_readings.Place]], f1: float) -> None:
    assert _f1(ROWS, lambda text: found.get(text, [])) == f1


def test_a_code_counts_only_where_the_place_was_found() -> None:
    assert _codes_right(ROWS, lambda _: [(0, 3, "1")]) == 1.0
    assert _codes_right(ROWS, lambda _: [(0, 3, None)]) == 0.0


def test_lac_alone_joins_neighbouring_places() -> None:
    class Told(Tagger):
        def tag(self, text: str) -> list[tuple[str, str]]:
            return [("在", "p"), ("柳河镇", "LOC"), ("新民村", "LOC"), ("停水", "v"), ("县", "LOC")]

    assert list(_lac_places(Told(), "在柳河镇新民村停水县")) == [(1, 7, None), (9, 10, None)]


def test_personal_data_is_hidden_only_as_a_whole() -> None:
    assert _covered((2, 6), [(0, 4), (4, 6)])
    assert not _covered((2, 6), [(0, 5)])
    assert _touches((2, 6), [(5, 9)])
    assert not _touches((2, 6), [(6, 9)])


@pytest.mark.parametrize("gold", [place_readings.GOLD, personal_data.GOLD])
def test_the_gold_file_of_each_part_is_there(gold: Path) -> None:
    assert gold.is_file()
