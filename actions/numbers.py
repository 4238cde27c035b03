"""Numbers in what people write: '3', '三口人', '一百五', '两千多'."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_CHINESE = re.compile("[零〇一二两俩三四五六七八九十百千万]+")
_ARABIC = re.compile(r"\d+(?:\.\d{1,2})?万?")
# '一两个', '三五口', '两三百': between two numbers.
_ONE_TO_NINE = "[一二两三四五六七八九]"
_BETWEEN = re.compile(f"{_ONE_TO_NINE}{{2}}(?![十百千万]*{_ONE_TO_NINE})")
_NO_NUMBER = re.compile(f"{_ONE_TO_NINE}?些|一点|一般|一样|一直|一下|万一|第{_ONE_TO_NINE}+")


def numbers(text: str) -> Sequence[float]:
    """Every number the text names, in order, each once; two for a range such as '两三百'."""
    spoken = _NO_NUMBER.sub(" ", text)
    found: list[float] = []
    for match in re.finditer(f"{_ARABIC.pattern}|{_CHINESE.pattern}", spoken):
        for number in _read(match[0]):
            if number not in found:
                found.append(number)
    return found


def _read(word: str) -> list[float]:
    if _ARABIC.fullmatch(word):
        ten_thousands = word.endswith("万")
        return [float(word.rstrip("万")) * (10_000 if ten_thousands else 1)]
    if _BETWEEN.search(word):
        return [float(_DIGITS[c]) for c in word if c in _DIGITS]
    return [_chinese(word)]


def _chinese(word: str) -> float:
    """'三' 3, '十二' 12, '一百五' 150, '三千零二' 3002, '二零二六' 2026."""
    if not any(c in _UNITS for c in word):
        return float("".join(str(_DIGITS[c]) for c in word))
    total = section = digit = 0
    last_unit = 1
    zero = False
    for c in word:
        if c in _DIGITS:
            digit = _DIGITS[c]
            zero = zero or digit == 0
            continue
        unit = _UNITS[c]
        if unit == 10_000:
            total, section = (total + section + digit) * unit, 0
        else:
            section += (digit or 1) * unit
        digit, last_unit, zero = 0, unit, False
    # '一百五' leaves its last unit out.
    tail = digit if zero or last_unit == 10 else digit * (last_unit // 10)
    return float(total + section + tail)
