"""Lines typed in a chat, and what is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.sms.segmentation import count_parts
from xiangyin.chat.citizen import Heard
from xiangyin.chat.steps import Answer, Photo, Place, Say, Step, Wait
from xiangyin.chat.terminal import BadCommand, Quit, bubbles, read_line


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("路灯坏了", Say("路灯坏了")),
        ("/photo a b.jpg", Photo("a b.jpg")),
        ("/place 锦绣小区 东门 30.5 114.3", Place("锦绣小区 东门", 30.5, 114.3)),
        ("/wait 24h", Wait(timedelta(hours=24))),
        ("/answer 修好了 谢谢", Answer("修好了 谢谢")),
        ("/help", None),
    ],
)
def test_a_line_is_a_step(line: str, step: Step | None) -> None:
    assert read_line(line) == step


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/foo", "没有 /foo 这个命令"),
        ("/photo", "/photo 要这样写：/photo 文件"),
        ("/wait", "/wait 要这样写：/wait 24h"),
        ("/wait long", "/wait 要这样写"),
        ("/place 赵庄", "/place 要这样写：/place 名称 纬度 经度"),
        ("/place 赵庄 北 东", "应当是度数"),
        ("/place 赵庄 91 0", "纬度在 -90 到 90"),
        ("/answer", "/answer 要这样写"),
    ],
)
def test_a_wrong_command_says_how(line: str, said: str) -> None:
    with pytest.raises(BadCommand) as refused:
        read_line(line)
    assert said in str(refused.value)


def test_enough_is_enough() -> None:
    for line in ("/quit", "/exit"):
        with pytest.raises(Quit):
            read_line(line)


def test_an_sms_is_shown_in_its_parts() -> None:
    text = "已经收到您的反映。" * 12
    shown = bubbles(Heard("x", text), "sms")
    assert [who for who, _ in shown] == ["乡音 1/2", "乡音 2/2"]
    assert len(shown) == count_parts(text)
    assert "".join(part for _, part in shown) == text
    assert bubbles(Heard("x", "收到"), "sms") == [("乡音", "收到")]


def test_a_long_wechat_message_is_shown_in_its_bubbles() -> None:
    shown = bubbles(Heard("x", "已经收到您的反映。" * 100), "wechat")
    assert len(shown) == 2
