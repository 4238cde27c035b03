"""A number said to be somebody else's is not kept as the citizen's own."""

from __future__ import annotations

import pytest

from actions.others_number import is_anothers
from tests.actions.told import turn

NUMBER = "13877776666"


@pytest.mark.parametrize(
    "before",
    [
        "在开发区的宏达工地 包工头叫刘大勇 电话",
        "老板电话是",
        "物业的电话：",
        "那个中介姓王，他的电话",
        "司机叫李强",
        "你们给村支书打，村支书的联系电话 ",
    ],
)
def test_somebody_elses(before: str) -> None:
    assert is_anothers(before)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "我的电话",
        "老板欠我们工资，我叫刘大勇，电话",
        "物业不管，打我电话",
        "我姓王，电话",
        "社区没人来，联系",
        "老板跑了 ",
        "路灯坏了，电话",
        "我替邻居老李问，他电话",
    ],
)
def test_their_own(before: str) -> None:
    assert not is_anothers(before)


def test_name_and_number_of_another_are_no_contact() -> None:
    named = {"person": "刘大勇", "phone": NUMBER}
    assert turn("inform", f"包工头叫刘大勇 电话{NUMBER}", entities=named).entities == {}
    assert turn("inform", f"我叫刘大勇 电话{NUMBER}", entities=named).entities == named
