"""Scripts are taken as people write them; what is wrong in one is named by line and field."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from xiangyin.chat.script import Dialogue, ScriptRefused, read_script
from xiangyin.chat.steps import Answer, Follow, Photo, Place, Say, Step, Wait, duration


def steps(dialogue: Dialogue) -> list[Step]:
    return [step for turn in dialogue.turns for step in turn.steps]


def read(given: object) -> list[Dialogue]:
    return read_script(json.dumps(given, ensure_ascii=False), "wechat")


def test_a_dialogue_as_documented() -> None:
    (dialogue,) = read(
        {
            "dialogue": 7,
            "channel": "sms",
            "turns": [
                {"say": "路灯坏了"},
                {"photo": "lamp.jpg"},
                {"place": {"name": "赵庄", "latitude": 30.5, "longitude": 114}},
                {"wait": 24},
                {"answer": "修好了"},
                {"follow": True},
            ],
        }
    )
    assert (dialogue.name, dialogue.channel) == (7, "sms")
    assert steps(dialogue) == [
        Say("路灯坏了"),
        Photo("lamp.jpg"),
        Place("赵庄", 30.5, 114.0),
        Wait(timedelta(hours=24)),
        Answer("修好了"),
        Follow(),
    ]


@pytest.mark.parametrize(
    "given",
    [
        ["路灯坏了", "对"],
        {"turns": ["路灯坏了", "对"]},
        {"messages": [{"text": "路灯坏了"}, {"user": "对"}]},
        {"id": "a", "messages": [{"role": "user", "content": "路灯坏了"},
                                 {"role": "assistant", "content": "在哪里？"},
                                 {"role": "user", "content": "对"}]},
        {"turns": [{"say": "路灯坏了"}, {"bot": "在哪里？"}, {"say": "对", "note": "x"}]},
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same(given: object) -> None:
    (dialogue,) = read(given)
    assert dialogue.channel == "wechat"
    assert steps(dialogue) == [Say("路灯坏了"), Say("对")]


def test_several_dialogues_as_lines_or_as_one_list() -> None:
    two = [{"dialogue": "a", "turns": ["一"]}, {"dialogue": "b", "turns": ["二"]}]
    lines = "\ufeff" + "\n\n".join(json.dumps(each) for each in two) + "\n"
    for text in (lines, json.dumps(two), json.dumps(two, indent=2)):
        assert [dialogue.name for dialogue in read_script(text, "sms")] == ["a", "b"]
    for one in (two[0], ["一"]):
        (dialogue,) = read_script(json.dumps(one, indent=2), "sms")
        assert steps(dialogue) == [Say("一")]
    split = '{"turns": ["一\u2028二"]}\n["三"]'
    assert [steps(each) for each in read_script(split, "sms")] == [[Say("一\u2028二")], [Say("三")]]
    lists = read_script('["一", "二"]\n["三"]\n', "sms")
    assert [(one.name, len(one.turns)) for one in lists] == [("第 1 行", 2), ("第 2 行", 1)]


def test_one_turn_may_hold_several_things() -> None:
    (dialogue,) = read([{"photo": True, "say": "你看", "wait": "2d", "place": ["村口", 1, 2]}])
    assert steps(dialogue) == [
        Wait(timedelta(days=2)),
        Say("你看"),
        Photo(""),
        Place("村口", 1.0, 2.0),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "脚本是空的"),
        ('["一"]\n{"turns": [}', "第 2 行：不是 JSON"),
        ('"一"', "第 1 行：应当是一个对话"),
        ('{"dialogue": 1}', "第 1 行：缺少 turns"),
        ('{"turns": "一"}', "第 1 行：缺少 turns，应当是一串回合"),
        ('{"turns": [], "channel": "fax"}', "第 1 行：channel 是 'fax'，应当是 wechat 或 sms"),
        ('["一"]\n{"turns": ["一", 5]}', "第 2 行，turns 第 2 个：是 5，应当是一句话"),
        ('{"turns": [{"sagt": "一"}]}', "第 1 行，turns 第 1 个：里面是 sagt，应当有 say、photo"),
        ('{"turns": [{}]}', "里面是 什么也没有"),
        ('{"turns": [{"say": ["一"]}]}', "turns 第 1 个，say：是"),
        ('{"turns": [{"wait": "soon"}]}', "wait：是 'soon'，应当是小时数"),
        ('{"turns": [{"wait": true}]}', "wait：是 True，应当是小时数"),
        ('{"turns": [{"photo": 5}]}', "photo：是 5，应当是图片文件"),
        ('{"turns": [{"answer": " "}]}', "answer：是 ' '，应当是答复的话"),
        ('{"turns": [{"place": {"lat": 91}}]}', "place，lat：是 91，应当是 -90 到 90"),
        ('{"turns": [{"place": {"lng": "东"}}]}', "place，lng：是 '东'，应当是 -180 到 180"),
        ('{"turns": [{"place": 5}]}', "place：是 5，应当有 name"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(ScriptRefused) as refused:
        read_script(text, "wechat")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("words", "hours"),
    [("24h", 24), ("24", 24), ("1.5", 1.5), ("30m", 0.5), ("2d", 48), ("3 天", 72), ("半", None),
     ("2 weeks", None), ("-1h", None), ("99999d", None), ("9999999999999999h", None)],
)  # fmt: skip
def test_durations(words: str, hours: float | None) -> None:
    assert duration(words) == (None if hours is None else timedelta(hours=hours))
