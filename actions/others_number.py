"""Whose telephone number is given: '包工头叫刘大勇，电话138…' is not the writer's."""

from __future__ import annotations

import re
from functools import lru_cache

from actions.words import words


def is_anothers(before: str) -> bool:
    """`before`: what the message says up to the number."""
    return _named().search(before) is not None


@lru_cache(maxsize=1)
def _named() -> re.Pattern[str]:
    """Somebody else right before the number, by their part or with a name to it ('老板电话',
    '包工头叫刘大勇，电话是')."""
    others = "|".join(sorted(words()["others"], key=len, reverse=True))
    name = r"(?:名?叫|姓|是)[\u4e00-\u9fff]{1,4}"
    number = r"(?:的?(?:联系)?(?:电话|手机|号码|联系方式)(?:号码?)?)"
    return re.compile(
        rf"(?:{others})(?:{name})?[\s,，、。]{{0,2}}(?:他|她)?{number}(?:是|为)?[\s:：]*$"
        rf"|(?:{others}){name}[\s,，、]*$"
    )
