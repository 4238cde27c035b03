"""Which of the citizen's petitions their words are about: '塌方那个', '路灯的事'."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from actions.turn import Petition

# Characters that stand in many messages and tell no matter from another.
_EMPTY = frozenset(
    "的了我你您他她它们个那这哪是在有没不就都还怎么样办得事情上下说帮看现催一快点人来去给要想请问能吗呢吧啊"
    "到和跟也又再里什谁几多少为被把让用反映投诉进度处理解决村镇县"
)
# Things that a matter is about in one character.
_THINGS = frozenset("水电路桥灯车狗猪牛鸡鱼房墙渠井臭烟灰尘吵闹气网药钱树坑楼门")


def meant(text: str, petitions: Sequence[Petition]) -> Petition | None:
    """The one whose title shares most with the text; None where none does, or two do as much."""
    told = pairs(text)
    counted = sorted(
        ((len(told & pairs(one.title)), position) for position, one in enumerate(petitions)),
        key=lambda count: (-count[0], count[1]),
    )
    if not counted or counted[0][0] == 0:
        return None
    if len(counted) > 1 and counted[1][0] == counted[0][0]:
        return None
    return petitions[counted[0][1]]


def same_subject(text: str, other: str) -> bool:
    """Whether both may speak of one matter: a word in common, or one thing ('水') all of it is
    about."""
    return bool(pairs(text) & pairs(other) or _THINGS & set(text) & set(other))


def pairs(text: str) -> frozenset[str]:
    """Neighbouring characters that may tell a matter."""
    return frozenset(
        first + second
        for first, second in pairwise(text)
        if not {first, second} & _EMPTY and first.isalnum() and second.isalnum()
    )
