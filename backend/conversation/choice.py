"""Which option of the last prompt a short answer means: '2', '选二', '第二个', or its label."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMBER = re.compile(r"(?:我?选|第|选择)*\s*([0-9一二两三四五六七八九]{1,2})\s*(?:个|项|吧|号)*")
_EDGE = " 。.,，、！!？?~～()（）【】[]\t\n"


def chosen(text: str, options: Sequence[Mapping[str, str]]) -> int | None:
    """The index (from 0) of the option that `text` names, None where it names none.

    `text` is cleaned (half-width); options have a `label`.
    """
    answer = text.strip(_EDGE)
    if not answer or not options:
        return None
    for index, option in enumerate(options):
        if answer == option["label"].strip(_EDGE):
            return index
    match = _NUMBER.fullmatch(answer)
    if match is None:
        return None
    number = _DIGITS.get(match[1]) or (int(match[1]) if match[1].isdigit() else 0)
    return number - 1 if 1 <= number <= len(options) else None
