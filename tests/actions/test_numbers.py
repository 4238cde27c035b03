"""Numbers as people write them."""

from __future__ import annotations

import pytest

from actions.numbers import numbers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [3]),
        ("三口人", [3]),
        ("两百多", [200]),
        ("一百五", [150]),
        ("三千零二", [3002]),
        ("十二个", [12]),
        ("二十", [20]),
        ("大概300块", [300]),
        ("1.5万", [15000]),
        ("一万二", [12000]),
        ("两三百块", [2, 3]),
        ("5到6个", [5, 6]),
        ("一般般", []),
        ("第二个", []),
        ("没有", []),
    ],
)
def test_read(text: str, expected: list[float]) -> None:
    assert list(numbers(text)) == expected
