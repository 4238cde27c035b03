"""Whether two petitions are about one matter: the same trouble at the same place. Pure.

Meaning (sentence vectors) tells most; shared words and the same domain add to it. Short texts lie
closer to each other than long ones, the more so where they name one place, so they must be closer.
The weights are those of a logistic regression on one half of tests/petitions/gold/hot_pairs.yml,
the other half judges it (benchmarks/same_matters.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from math import exp

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


def _by_words(shared: float, at_same_place: bool, in_same_domain: bool) -> float:
    """LIKE_WORDS becomes SAME; what shares no words is never the same."""
    if not shared:
        return 0.0
    score = shared + SAME_PLACE * at_same_place + SAME_DOMAIN * in_same_domain
    return min(1.0, score * SAME / LIKE_WORDS)


@lru_cache(maxsize=1024)
def _pairs(text: str) -> frozenset[str]:
    letters = [each for each in clean(text).text if each.isalnum()]
    return frozenset(map("".join, pairwise(letters)))
