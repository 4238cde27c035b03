"""The parts of the table that are measured on gold sentences give every figure once."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import personal_data, place_readings
from benchmarks.report import Target
from benchmarks.understanding import Part


@pytest.mark.parametrize(
    ("part", "promised"),
    [
        (place_readings.measure, {"places, F1, %"}),
        (personal_data.measure, {"numbers masked, recall, %", "names masked, recall, %"}),
    ],
)
def test_a_part_gives_shares_and_says_what_is_promised(part: Part, promised: set[str]) -> None:
    figures: list[Target] = list(part(Path("none"), Path("none")))
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names)
    assert {figure.name for figure in figures if figure.at_least is not None} == promised
    assert all(0 < figure.measured <= 100 for figure in figures)
