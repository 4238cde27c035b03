"""What an answer's clauses say: agreement beside other words, or an objection and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.turn import Turn
from actions.words import bare, words

_PAUSE = re.compile(r"[\s,.;:!?~、，。；：！？…—\-]+")
# What hangs on to a short answer without changing it.
_POLITE = re.compile(
    "(?:谢谢|谢了|麻烦了|麻烦你们|辛苦了|您|你|啊|呀|哦|喔|嘛|哈|呢|的呀|的啊|滴)+$"
)

NOT_AFTER_ALL = frozenset({"deny", "cancel", "nothing_more", "go_back"})
"""Intents of whoever wants none of what was asked about."""

_NEWS = 6
"""Characters from which clauses that urge nobody and name no matter are news."""
_NO_MATTER = 10
"""Characters up to which an answer tells no matter of its own."""
_NAMES_ONE = re.compile("(?:的事|那个|那件|那事|的问题)$")


def clauses(text: str) -> list[str]:
    """The text between pauses, in order."""
    return [clause for clause in _PAUSE.split(text) if clause]


def agreement(text: str) -> Sequence[str] | None:
    """The clauses beside a yes: '对，另外灯也坏了' → ['另外灯也坏了']; none beside it: []. None
    where no clause agrees, or one objects."""
    agreeing = frozenset(words()["agreeing"])
    said = clauses(text)
    beside = [clause for clause in said if not _is_one_of(agreeing, clause)]
    if len(beside) == len(said):
        return None
    objecting = any(word in clause for clause in beside for word in words()["objecting"])
    return None if objecting else beside


def _is_one_of(agreeing: frozenset[str], clause: str) -> bool:
    short = _POLITE.sub("", clause)
    return short in agreeing or short.rstrip("了的吧") in agreeing


def goes_ahead(text: str) -> bool:
    """'好', '替我问一下': the answer to whether their words shall be passed on."""
    if agreement(text) == []:
        return True
    return len(bare(text)) <= _NO_MATTER and any(word in text for word in words()["go_ahead"])


def asks_how_long(text: str) -> bool:
    """'多久能好', '几天能修好': asks when, and tells nothing."""
    return len(bare(text)) <= _NO_MATTER and any(word in text for word in words()["how_long"])


def only_objects(text: str) -> bool:
    """True for '不对', '地点写错了': says that something is wrong and not what would be right."""
    known = sorted(words()["objections"], key=len, reverse=True)
    return len(re.sub("|".join(map(re.escape, [*known, "了", "的"])), "", bare(text))) < 2


def gives_up(turn: Turn) -> bool:
    """Whether the matter under way is to be dropped. Nobody drops one without some word of no:
    '我自己打字慢' is none, whatever it sounds like."""
    if turn.intent not in ("cancel", "withdraw"):
        return False
    return turn.chosen is not None or any(word in turn.text for word in words()["giving_up"])


def is_anonymous(text: str) -> bool:
    """Whether the writer wants no name kept."""
    return any(word in text for word in words()["anonymous"])


def is_lonely(text: str) -> bool:
    """Whether the writer seems to want company, and tells of nothing that an office could mend."""
    return _has("lonely", text) and not _has("troubles", text)


def tells_of_oneself(text: str) -> bool:
    """Whether they tell of their own life, and of nothing that an office could mend."""
    return _has("of_themselves", text) and not _has("troubles", text)


def _has(kind: str, text: str) -> bool:
    return any(word in text for word in words()[kind])


def news(text: str) -> bool:
    """Whether a reminder tells something new besides asking for speed."""
    told = [
        clause
        for clause in clauses(text)
        if not any(word in clause for word in words()["urging"]) and not _NAMES_ONE.search(clause)
    ]
    return sum(map(len, told)) >= _NEWS
