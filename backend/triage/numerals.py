"""Numbers as people write them: 三千二百, 1.2万, 一百五, 半."""

import re

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_DIGITS |= {"〇": 0, "两": 2, "俩": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5}
_DIGITS |= {"陆": 6, "柒": 7, "捌": 8, "玖": 9}
_DIGITS |= {str(value): value for value in range(10)}
_SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}

CHARACTERS = "零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟"
NUMERAL = (
    rf"(?>\d[\d,]{{0,15}}(?:\.\d{{1,4}})?|[{CHARACTERS}]{{1,12}})"
    rf"[十百千万亿]*+[{CHARACTERS}]{{0,12}}+"
)
"""A number in figures, in characters or in both."""

_FIGURES = re.compile(r"(\d[\d,]*(?:\.\d+)?)([十百千万亿]*)(.*)")


def parse_numeral(text: str) -> float | None:
    """The value of `text`, None if it is no number (几千). 三万六 and 一百五 end in the next
    smaller unit, as spoken."""
    if not text:
        return None
    found = _FIGURES.fullmatch(text)
    if found:
        value = float(found[1].replace(",", "").rstrip("."))
        unit = 1
        for char in found[2]:
            unit *= _SMALL.get(char) or _LARGE[char]
        rest = _characters(found[3], unit) if found[3] else 0
        return None if rest is None else value * unit + rest
    return _characters(text, 1)


def _characters(text: str, above: int) -> float | None:
    """`above`: the unit said right before, which a lone last digit is a tenth of (1万6)."""
    if all(char in _DIGITS for char in text):
        if len(text) == 1:
            return _DIGITS[text] * (above // 10 if above >= 10 else 1)
        return float("".join(str(_DIGITS[char]) for char in text))  # 二〇二六
    total = section = digit = 0
    last = 1
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
            last = 1 if char in "零〇" else last
        elif char in _SMALL:
            section += (digit or 1) * _SMALL[char]
            last, digit = _SMALL[char], 0
        elif char in _LARGE:
            total += (section + digit or 1) * _LARGE[char]
            last, section, digit = _LARGE[char], 0, 0
        else:
            return None
    return total + section + digit * (last // 10 if last > 10 else 1)
