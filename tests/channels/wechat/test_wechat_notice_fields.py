"""What stands in a notice: short, in WeChat's forms, never the answer."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ports import About
from channels.wechat import texts
from channels.wechat.notice_fields import check_fields, filled
from channels.wechat.testing.notices import SHAPES

NOW = datetime(2026, 11, 30, 17, 5, tzinfo=UTC)  # past midnight in Beijing, in another month
FIELDS = {
    "character_string1": "number",
    "thing2": "title",
    "thing3": "news",
    "time4": "time",
    "date5": "time",
    "phrase6": "text:有新答复",
    "thing7": "text:青禾镇人民政府",
}


def values(about: About) -> dict[str, str]:
    return {name: each["value"] for name, each in filled(FIELDS, about, NOW).items()}


def test_each_field_has_its_value() -> None:
    assert values(About("20261123-0007-3", "村口路灯不亮")) == {
        "character_string1": "20261123-0007-3",
        "thing2": "村口路灯不亮",
        "thing3": texts.NOTICE,
        "time4": "2026年12月1日 01:05",
        "date5": "2026年12月1日 01:05",
        "phrase6": "有新答复",
        "thing7": "青禾镇人民政府",
    }


def test_what_may_not_be_shown_is_not() -> None:
    assert values(About("20261123-0007-3", ""))["thing2"] == texts.NOTICE
    assert len(texts.NOTICE) <= 20


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五六七八九十"),
        ("一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
        ("两行\n　的  标题", "两行 的 标题"),
        ("一二三四五六七八九十一二三四五六七八👴🏽走", "一二三四五六七八九十一二三四五六七八…"),
    ],
)
def test_a_title_is_cut_between_characters(title: str, shown: str) -> None:
    assert values(About("1", title))["thing2"] == shown


@given(st.text())
def test_no_title_is_too_long_or_empty_or_in_lines(title: str) -> None:
    shown = filled({"thing1": "title"}, About("1", title), NOW)["thing1"]["value"]
    assert 0 < len(shown.encode("utf-16-le", "surrogatepass")) // 2 <= 20
    assert not any(unicodedata.category(each) in ("Zl", "Zp") or each in "\n\r" for each in shown)


def test_the_forms_are_those_wechat_takes() -> None:
    shown = values(About("20261123-0007-3", "路灯"))
    for name, value in shown.items():
        shape = SHAPES.get(name.rstrip("0123456789"))
        assert shape is None or shape.fullmatch(value), name


@pytest.mark.parametrize(
    "fields",
    [
        None,
        {},
        "thing1",
        {"first": "title"},
        {"amount1": "number"},
        {"thing1": "answer"},
        {"thing1": 7},
        {"thing1": "text:"},
        {"thing1": "text:" + "长" * 21},
        {"phrase1": "title"},
        {"phrase1": "text:六个字太长了"},
        {"time1": "number"},
        {"character_string1": "title"},
    ],
)
def test_a_wrong_field_is_named(fields: object) -> None:
    with pytest.raises(ValueError, match="template_fields"):
        check_fields("template_fields", fields)
