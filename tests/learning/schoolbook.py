"""A small world to learn from: three domains whose words have nothing in common."""

from __future__ import annotations

import re

from backend.triage.cues import Cues
from backend.triage.examples import NONE, Example, TrainingData
from backend.triage.sentiments import Sentiments

NAMES = {"utilities": "水电", "roads_traffic": "路", "compulsory_education": "学校"}
_WORDS = {
    "utilities": "自来水 水管 水压 水表 停水 水费 水龙头 水箱 供水 漏水",
    "roads_traffic": "路面 公路 路灯 路口 村路 路牌 红绿灯 修路 马路 路肩",
    "compulsory_education": "学校 老师 食堂 班级 校车 课本 操场 宿舍 开学 学位",
}
WORDS = {domain: words.split() for domain, words in _WORDS.items()}
FRAMES = {
    "complaint": ("{}坏了很久没人管", "{}的事推来推去，太不负责"),
    "request": ("请帮我们把{}弄一弄", "家里难，{}的事求你们帮帮忙"),
}
CHAT = ("晚上吃什么", "哈哈好笑", "在干嘛", "生日快乐", "到家了", "明天见", "好困", "打游戏吗",
        "想你了", "周末逛街", "笑死我了", "马上到")  # fmt: skip


def schoolbook(**changes: object) -> TrainingData:
    """Every domain in every frame, and some chat."""
    petitions = [
        Example(frame.format(word), kind, domain)
        for domain, words in WORDS.items()
        for word in words
        for kind, frames in FRAMES.items()
        for frame in frames
    ]
    chat = [Example(text, NONE, None) for text in CHAT]
    given = {
        "examples": (*petitions, *chat),
        "kind_names": {"complaint": "投诉", "request": "求助", NONE: "无关"},
        "domain_names": {
            "utilities": "供水",
            "roads_traffic": "道路",
            "compulsory_education": "学校",
        },
        "kind_words": {"complaint": ("没人管",), "request": ("求助",), NONE: ("哈哈",)},
        "domain_words": {
            "utilities": ("水",),
            "roads_traffic": ("路",),
            "compulsory_education": ("学",),
        },
        "kind_shares": {"complaint": 50.0, "request": 50.0},
        "last_resorts": frozenset(),
        "cues": Cues(re.compile("^$"), ()),
        "sentiments": Sentiments({}, {}, (), {}, Cues(re.compile("^$"), ())),
        "digest": "authored-1",
    }
    return TrainingData(**{**given, **changes})  # type: ignore[arg-type]
