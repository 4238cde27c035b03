from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.conversation.choice import chosen

OPTIONS = [
    {"label": "对，提交", "payload": "/affirm"},
    {"label": "改一下", "payload": "/correct"},
    {"label": "不提了", "payload": "/cancel"},
]


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("1", 0),
        ("2", 1),
        ("3。", 2),
        ("选2", 1),
        ("我选3吧", 2),
        ("第二个", 1),
        ("二", 1),
        ("改一下", 1),
        (" 不提了！", 2),
        ("(1)", 0),
    ],
)
def test_short_answers_name_an_option(text: str, index: int) -> None:
    assert chosen(text, OPTIONS) == index


@pytest.mark.parametrize("text", ["", "4", "0", "12", "2号楼的灯坏了", "第二个路口", "不", "。"])
def test_other_words_name_none(text: str) -> None:
    assert chosen(text, OPTIONS) is None


@given(st.text())
def test_any_text_gives_an_index_within_the_options_or_none(text: str) -> None:
    index = chosen(text, OPTIONS)
    assert index is None or 0 <= index < len(OPTIONS)
    assert chosen(text, []) is None
