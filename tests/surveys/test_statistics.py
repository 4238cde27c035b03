"""Shares, quartiles and bars, against what a spreadsheet reckons."""

from __future__ import annotations

import statistics

from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.statistics import number_figures, scale_figures


def test_of_five_levels_the_upper_two_are_satisfied() -> None:
    figures = scale_figures([1, 0, 2, 4, 3])
    assert figures.mean == 3.8
    assert figures.satisfied == 0.7
    assert scale_figures([0] * 5).mean is None


@given(st.lists(st.integers(0, 2000), min_size=2, max_size=80))
def test_quartiles_are_those_of_a_spreadsheet(values: list[int]) -> None:
    counts = {float(value): values.count(value) for value in set(values)}
    figures = number_figures(counts)
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    assert figures.median is not None
    assert abs(figures.median - median) < 1e-6
    assert abs((figures.lower_quartile or 0) - lower) < 1e-6
    assert abs((figures.upper_quartile or 0) - upper) < 1e-6
    assert sum(bar.count for bar in figures.bars) == len(values)
    assert len(figures.bars) <= 11
    for bar in figures.bars:
        within = [one for one in values if bar.lowest <= one < bar.below or one == bar.lowest]
        assert len(within) == bar.count


def test_bars_begin_where_people_would_begin_them() -> None:
    figures = number_figures({float(value): 1 for value in range(3, 100)})
    assert [(bar.lowest, bar.below) for bar in figures.bars][:2] == [(0, 10), (10, 20)]


def test_without_answers_there_are_no_figures() -> None:
    figures = number_figures({})
    assert (figures.median, figures.bars) == (None, ())
