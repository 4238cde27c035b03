"""What a message tells beside courtesies: '谢谢啊，我腿不好，上不去' tells something, '好的，谢谢'
nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from actions.answers import clauses
from actions.words import words

_TELLING = 4
"""Characters from which what stands beside courtesies tells something."""
_SHORT_CLAUSE = 11
"""Characters up to which a clause with a courtesy in it is one ('谢谢您的耐心解答')."""


def tells(text: str) -> bool:
    """Whether the text is more than thanks, a greeting, a yes or a no."""
    told = [rest for clause in clauses(text) if len(rest := _told(clause)) > 1]
    return sum(map(len, told)) >= _TELLING


def asks_us(text: str) -> bool:
    """'今天天气怎么样', '讲个笑话': chat that wants an answer of ours."""
    return _asking().search(text.strip()) is not None


def _told(clause: str) -> str:
    """The clause behind the courtesies it opens with, nothing where it is one itself."""
    openings, courtesy = _courtesies()
    rest = openings.sub("", clause)
    return "" if len(rest) <= _SHORT_CLAUSE and courtesy.search(rest) else rest


@lru_cache(maxsize=1)
def _courtesies() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What clauses open with, and what makes a short clause a courtesy."""
    lists = words()["courtesies"]
    known = sorted([*words()["agreeing"], *lists["openings"]], key=len, reverse=True)
    openings = re.compile(f"^(?:{'|'.join(map(re.escape, known))})+")
    return openings, re.compile("|".join(lists["clauses"]))


@lru_cache(maxsize=1)
def _asking() -> re.Pattern[str]:
    return re.compile("|".join(words()["asking_us"]))
