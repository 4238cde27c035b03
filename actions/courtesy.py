"""What a message tells beside courtesies: '谢谢啊，我腿不好，上不去' tells something, '好的，谢谢'
nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from actions.answers import clauses
from actions.words import words

_TELLING = 4
"""Characters from which what stands beside courtesies tells something."""


def tells(text: str) -> bool:
    """Whether the text is more than thanks, a greeting, a yes or a no."""
    told = [rest for clause in clauses(text) if len(rest := _without_courtesy(clause)) > 1]
    return sum(map(len, told)) >= _TELLING


def asks_us(text: str) -> bool:
    """'今天天气怎么样', '讲个笑话': chat that wants an answer of ours."""
    return _asking().search(text.strip()) is not None


def _without_courtesy(clause: str) -> str:
    opening, closing = _courtesies()
    return closing.sub("", opening.sub("", clause))


@lru_cache(maxsize=1)
def _courtesies() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """As a clause opens, and as it closes: only thanks close one, for '腿不好' is no yes."""
    lists = words()["courtesies"]
    thanks = "|".join(lists["thanks"])
    others = sorted([*words()["agreeing"], *lists["others"]], key=len, reverse=True)
    return re.compile(f"^(?:{thanks}|{'|'.join(others)})+"), re.compile(f"(?:{thanks})+$")


@lru_cache(maxsize=1)
def _asking() -> re.Pattern[str]:
    return re.compile("|".join(words()["asking_us"]))
