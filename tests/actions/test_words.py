"""The few words the dialogue listens for itself."""

from __future__ import annotations

import pytest

from actions.words import named, only_announces, satisfaction


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("还行", 3),
        ("还行吧,就那样", 3),
        ("挺好的", 4),
        ("太差了", 1),
        ("满意", 4),
        ("不满意", 2),
        ("很不满意!", 1),
        ("非常满意", 5),
        ("不是很满意", 2),
        ("态度挺好,但是没解决", 2),
        ("4", 4),
        ("给五分", 5),
        ("打3分吧", 3),
        ("零分", 1),
        ("修好了", 4),
        ("路灯", None),
        ("6", None),
        ("15", None),
        ("", None),
    ],
)
def test_satisfaction_in_words(text: str, level: int | None) -> None:
    assert satisfaction(text) == level


@pytest.mark.parametrize(
    ("text", "announces"),
    [
        ("补充一下", True),
        ("我再发几张照片", True),
        ("对了,还有一点情况", True),
        ("刚才忘了说", True),
        ("补充一下,晚上味道更大", False),
        ("对了,隔壁也停水了", False),
        ("停水了", False),
        ("", False),
    ],
)
def test_announcing_is_not_yet_adding(text: str, announces: bool) -> None:
    assert only_announces(text) is announces


@pytest.mark.parametrize(
    ("group", "text", "name"),
    [
        ("fields", "地点写错了", "place"),
        ("fields", "内容不对", "what"),
        ("fields", "改一下", None),
        ("kinds", "我要投诉", "complaint"),
        ("kinds", "想咨询点事", "inquiry"),
        ("kinds", "有个事", None),
        ("matters", "是同一件事", "same"),
        ("matters", "不是同一件", "other"),
        ("matters", "另外一件", "other"),
    ],
)
def test_names_in_words(group: str, text: str, name: str | None) -> None:
    assert named(group, text) == name
