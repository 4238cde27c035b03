"""What an answer's clauses say: agreement beside other words, or an objection and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions.words import bare, words

_PAUSE = re.compile(r"[\s,.;:!?~、，。；：！？…—\-]+")
# What hangs on to a short answer without changing it.
_POLITE = re.compile("(?:谢谢|谢了|麻烦了|麻烦你们|辛苦了|您|你|啊|呀|哦|喔|嘛|哈|呢|的呀|的啊|滴)+$")

_NEWS = 6
"""Characters from which a clause that urges nobody is news ('下水道的事' is none)."""


def clauses(text: str) -> list[str]:
    """The text between pauses, in order."""
    return [clause for clause in _PAUSE.split(text) if clause]


def agreement(text: str) -> Sequence[str] | None:
    """The clauses beside a yes: '对，另外灯也坏了' → ['另外灯也坏了']; none beside it: []. None where
    no clause agrees, or one objects."""
    agreeing = frozenset(words()["agreeing"])
    said = clauses(text)
    beside = [clause for clause in said if _POLITE.sub("", clause) not in agreeing]
    if len(beside) == len(said):
        return None
    objecting = any(word in clause for clause in beside for word in words()["objecting"])
    return None if objecting else beside


def only_objects(text: str) -> bool:
    """True for '不对', '地点写错了': says that something is wrong and not what would be right."""
    known = sorted(words()["objections"], key=len, reverse=True)
    return len(re.sub("|".join(map(re.escape, [*known, "了", "的"])), "", bare(text))) < 2


def is_anonymous(text: str) -> bool:
    """Whether the writer wants no name kept."""
    return any(word in text for word in words()["anonymous"])


def is_lonely(text: str) -> bool:
    """Whether the writer seems to want company, and tells of nothing that an office could mend."""
    return any(word in text for word in words()["lonely"]) and not any(
        word in text for word in words()["troubles"]
    )


def news(text: str) -> bool:
    """Whether a reminder tells something new besides asking for speed."""
    return any(
        len(clause) >= _NEWS and not any(word in clause for word in words()["urging"])
        for clause in clauses(text)
    )

