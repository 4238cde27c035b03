from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat.splitting import WECHAT_TEXT_BYTES, split_text

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


def test_a_short_text_is_one_part() -> None:
    assert split_text("您好。") == ["您好。"]


def test_a_blank_text_has_no_parts() -> None:
    assert split_text("") == []
    assert split_text(" \n ") == []


def test_exactly_the_limit_is_one_part() -> None:
    text = "好" * 682 + "ab"
    assert len(text.encode()) == WECHAT_TEXT_BYTES
    assert split_text(text) == [text]
    assert len(split_text(text + "c")) == 2


@pytest.mark.parametrize("stop", ["。", "！", "？", "!", "；", "\n", "。”", "？）"])
def test_parts_end_with_sentences(stop: str) -> None:
    sentence = "您反映的道路积水问题已经转给镇规划建设办" + stop
    parts = split_text(sentence * 100)
    assert len(parts) > 2
    assert all(part.endswith(stop) for part in parts)


def test_without_sentences_a_comma_will_do() -> None:
    parts = split_text("一二三四五六七八九十，" * 200)
    assert all(part.endswith("，") for part in parts)


def test_one_far_stop_does_not_make_a_tiny_part() -> None:
    parts = split_text("好。" + "很" * 2000)
    assert len(parts[0].encode()) > 1000


@pytest.mark.parametrize("unit", [FAMILY, "👍🏽", "é", "🇨🇳", "1\ufe0f\u20e3", "!\ufe0f"])
def test_a_character_of_several_code_points_stays_whole(unit: str) -> None:
    text = "a" + unit * 200
    parts = split_text(text, 100)
    assert "".join(parts) == text
    for part in parts:
        assert part.removeprefix("a") == unit * (len(part.removeprefix("a")) // len(unit))


@given(st.text(st.characters(codec="utf-8")), st.integers(64, 300))
def test_parts_fit_and_lose_nothing(text: str, limit: int) -> None:
    parts = split_text(text * 7, limit)
    assert all(0 < len(part.encode()) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join((text * 7).split())
