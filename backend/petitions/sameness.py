"""Whether two petitions are about one matter: the same trouble at the same place. Pure.

Meaning (sentence vectors) tells most; shared words and the same domain add to it. Short texts lie
closer to each other than long ones, the more so where they name one place, so they must be closer.
The weights are those of a logistic regression on one half of tests/petitions/gold/hot_pairs.yml,
the other half judges it (benchmarks/same_matters.py).

Where both are known to lie in one village, less is needed: ten short messages of one week about its
water need share no pair of characters. One character that means something must recur ('水'); then
the domain and how few days lie between tell, too. Weights from
tests/petitions/gold/village_matters.yml, beside pairs of one domain and other matters as if they
lay in one village in one week; each matter was left out in turn to judge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from math import exp, inf

from backend.triage.cleaning import clean

SAME = 0.6
"""From this likelihood two petitions are taken for one matter."""
PERHAPS = 0.35
"""From this one it is worth an official's look."""
LIKE_WORDS = 0.5
"""Without a vector: half of the shorter text's pairs of characters recur in the other …"""
SAME_PLACE, SAME_DOMAIN = 0.2, 0.1
"""… or fewer, with place and domain."""
CLOSE = 0.9
"""What two vectors have in common whatever they mean; nothing below it is one matter."""
_CLOSENESS, _WORDS, _DOMAIN, _BIAS = 101.0, 7.0, 0.75, -4.95
_LONG, _SHORTNESS = 80, -2.7
_VILLAGE_CODE = 12
"""Digits of a village's or community's code (GB/T 10114); a township's has nine."""
_IN_VILLAGE = {"closeness": 33.1, "character": 0.66, "domain": 1.3, "day": -0.52}
_IN_VILLAGE_BIAS, _MOST_CHARACTERS, _MOST_DAYS = -1.06, 4, 30
# Characters that stand in many messages and tell no matter from another.
_EMPTY = frozenset(
    "的了我你您他她它们个那这哪是在有没不就都还怎么样办得事情上下说帮看现催一快点人来去给要想请问能吗呢吧啊到和跟也又再里什谁几多少为被把让用反映投诉进度处理解决村镇县"
    "社区小大三两四五六七八九十天年月日号半次家老孩子娃同志好谢麻烦很太真可以后前面边中出过着地及与而且但因所从向对于将会应该已经正最更每各自己只才便如果或"
)
# What is said of the reasons: shares of pairs, closeness of vectors.
_TOLD_WORDS, _TOLD_MEANING = 0.3, 0.94


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a petition. `county`: the path of the tree's root; `text`: what the
    citizen wrote."""

    county: str
    text: str
    place: str
    place_code: str | None
    domain: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Sameness:
    """`likelihood` lies in 0 … 1. `reasons`, most telling first: same_place, same_words,
    same_meaning, same_domain. `days`: how many lie between the two."""

    likelihood: float
    reasons: tuple[str, ...]
    days: int


def compare(one: Matter, other: Matter, closeness: float | None) -> Sameness:
    """The same both ways. `closeness`: the cosine of their vectors; None where one has none yet,
    words must tell then. What lies in two counties, or two places that both are known, is never
    the same."""
    days = abs((one.received_at - other.received_at).days)
    if one.county != other.county or elsewhere(one.place_code, other.place_code):
        return Sameness(0.0, (), days)
    shared = shared_words(one, other)
    same_domain = one.domain == other.domain
    told = {
        "same_place": same_place(one, other),
        "same_words": shared >= _TOLD_WORDS,
        "same_meaning": closeness is not None and closeness >= _TOLD_MEANING,
        "same_domain": same_domain,
    }
    if closeness is None:
        likelihood = _by_words(shared, told["same_place"], same_domain)
    else:
        shortness = max(0.0, 1 - min(len(one.text), len(other.text)) / _LONG)
        logit = (
            _CLOSENESS * (closeness - CLOSE)
            + _WORDS * shared
            + _DOMAIN * same_domain
            + _SHORTNESS * shortness
            + _BIAS
        )
        if _in_one_village(one, other):
            logit = max(logit, _in_village(one, other, closeness, days))
        likelihood = 1 / (1 + exp(-logit))
    return Sameness(likelihood, tuple(name for name, holds in told.items() if holds), days)


def shared_words(one: Matter, other: Matter) -> float:
    """Shared pairs of characters as a share of the shorter text's, 0 … 1. What names the place is
    no sign of the same trouble there."""
    places = _pairs(one.place) | _pairs(other.place)
    pairs, others = _pairs(one.text) - places, _pairs(other.text) - places
    return len(pairs & others) / max(1, min(len(pairs), len(others)))


def same_place(one: Matter, other: Matter) -> bool:
    """The same words for it, or the same division."""
    if one.place_code is not None and one.place_code == other.place_code:
        return True
    return bool(one.place) and one.place == other.place


def elsewhere(code: str | None, other: str | None) -> bool:
    """Whether two divisions are known and neither lies in the other (a division's code begins with
    the code of the one above it)."""
    return (
        code is not None
        and other is not None
        and not code.startswith(other)
        and not other.startswith(code)
    )


def _in_one_village(one: Matter, other: Matter) -> bool:
    code = one.place_code
    return code is not None and len(code) >= _VILLAGE_CODE and code == other.place_code


def _in_village(one: Matter, other: Matter, closeness: float, days: int) -> float:
    """In logarithms of odds; what has no character in common is not the same by this."""
    places = frozenset(one.place + other.place)
    recurring = len((_characters(one.text) & _characters(other.text)) - places)
    if not recurring:
        return -inf
    return (
        _IN_VILLAGE["closeness"] * (closeness - CLOSE)
        + _IN_VILLAGE["character"] * min(recurring, _MOST_CHARACTERS)
        + _IN_VILLAGE["domain"] * (one.domain == other.domain)
        + _IN_VILLAGE["day"] * min(days, _MOST_DAYS)
        + _IN_VILLAGE_BIAS
    )


def _by_words(shared: float, at_same_place: bool, in_same_domain: bool) -> float:
    """LIKE_WORDS becomes SAME; what shares no words is never the same."""
    if not shared:
        return 0.0
    score = shared + SAME_PLACE * at_same_place + SAME_DOMAIN * in_same_domain
    return min(1.0, score * SAME / LIKE_WORDS)


@lru_cache(maxsize=1024)
def _characters(text: str) -> frozenset[str]:
    return frozenset(each for each in clean(text).text if each.isalpha()) - _EMPTY


@lru_cache(maxsize=1024)
def _pairs(text: str) -> frozenset[str]:
    letters = [each for each in clean(text).text if each.isalnum()]
    return frozenset(map("".join, pairwise(letters)))
