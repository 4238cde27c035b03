"""Amounts of money in a text: 三千二百块, 1.2万, 1500元/月."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.triage.numerals import CHARACTERS, NUMERAL, parse_numeral

_UNIT = r"(?:万元|千元|元钱|块钱|元|块|圆|毛钱|毛|角钱|角(?!落|度|铁)|分钱)"
_PER = (
    r"(?:/|每|一)"
    r"(?P<per>个?月|年|天|日|人|户|亩|平方米?|平米|平|吨|度|斤|次|学期|小时|张|份)(?!半|多)"
)
_AMOUNT = re.compile(
    rf"(?<![\d.第{CHARACTERS}])(?P<number>{NUMERAL}|[几好数][十百千万]+)(?P<about>多|余|来)?"
    rf"(?P<large>[万千])?(?P<unit>{_UNIT}(?!头|地|儿|砖|板|区|菜|石|田|旦|宵))"
    r"(?P<rest>[零一二两三四五六七八九\d](?:毛|角)?"
    rf"(?![\d个天月年人日户亩平吨度斤次学小张份名块]))?(?:{_PER})?"
    # A bare 1.2万 is money where it is paid, owed, fined or cost.
    rf"|(?<=[欠花交罚收借赔付补付了费资款给要价])(?P<bare>{NUMERAL})"
    r"(?![个人户亩斤米吨方平多度只头棵张份次块元年月天日名座公里千万]|余)"
)
_FRACTIONS = {
    "毛": 0.1, "毛钱": 0.1, "角": 0.1, "角钱": 0.1, "分钱": 0.01, "万元": 10_000.0, "千元": 1000.0,
}  # fmt: skip
_EACH = {"个月": "月", "日": "天", "平方": "平方米", "平": "平方米", "平米": "平方米"}
_LARGE = re.compile("[百千万]")
# 一块 may as well be a piece of something.
_PIECES = frozenset({"一块", "两块", "几块", "一角", "一毛"})
_PAID = re.compile(r"[收交罚花要涨降欠价贵卖付斤个次度吨]了?$")


@dataclass(frozen=True, slots=True)
class Amount:
    """`text[start:end]`; `value`: '3200元', '1500元/月', the words themselves where no number is
    said (几千块)."""

    start: int
    end: int
    value: str


def find_amounts(text: str) -> Iterator[Amount]:
    """Amounts of money in cleaned `text`, by position."""
    for found in _AMOUNT.finditer(text):
        if found["bare"] and not _LARGE.search(found["bare"]):
            continue
        if found[0] in _PIECES and not _PAID.search(text, 0, found.start()):
            continue
        yield Amount(found.start(), found.end(), _value(found))


def _value(found: re.Match[str]) -> str:
    number = parse_numeral(found["bare"] or found["number"])
    if number is None:
        return found[0]
    if found["large"]:
        number *= 10_000 if found["large"] == "万" else 1000
    number *= _FRACTIONS.get(found["unit"] or "", 1.0)
    if found["rest"]:
        number += (parse_numeral(found["rest"][0]) or 0) / 10
    per = found["per"]
    return f"{number:.10g}元" + (f"/{_EACH.get(per, per)}" if per else "")
