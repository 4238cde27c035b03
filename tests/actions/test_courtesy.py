"""Courtesies tell nothing; what stands beside them may."""

from __future__ import annotations

import pytest

from actions.courtesy import asks_us, tells


@pytest.mark.parametrize(
    "text",
    ["谢谢", "好的，谢谢你们，辛苦了", "给你们添麻烦了！", "你好，在吗", "嗯嗯，知道了",
     "对对对，就是这样", "哎呀，不好意思啊",
     "非常感谢领导", "没有了，先这样", "好的，我想想", "祝您身体健康", "",
     "👍", "对对，就是这个意思", "谢谢您的耐心解答", "好嘞，递上去吧", "喂，有人在吗"],
)  # fmt: skip
def test_a_courtesy_tells_nothing(text: str) -> None:
    assert not tells(text)


@pytest.mark.parametrize(
    "text",
    ["我今年八十一了，腿不好，上不去", "谢谢啊，我腿不好",
     "谢谢你我家老头子有哮喘", "你好，我八十一了", "好几天没人来了",
     "多谢你们，全村都盼着呢", "对，娃都起疹子", "没收到补贴", "影响健康",
     "现在不行了", "没有人理我们", "从来没人管这事", "钱交了没退", "没派人来",
     "家里忙着收稻子", "第一次修了没修好"],
)  # fmt: skip
def test_what_stands_beside_a_courtesy_is_told(text: str) -> None:
    assert tells(text)


@pytest.mark.parametrize(
    "text", ["今天天气怎么样", "讲个笑话", "你几岁了", "三加五等于几", "你吃饭了吗", "下雨不？"]
)
def test_what_wants_an_answer_of_ours(text: str) -> None:
    assert asks_us(text)


@pytest.mark.parametrize(
    "text", ["我妈瘫在床上，出不了门", "晚上黑灯瞎火的，我摔过一回", "你们村的人都走不了"]
)
def test_what_only_tells(text: str) -> None:
    assert not asks_us(text)
