"""Which entry of the guide a citizen's question is about."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from backend.guide.entries import Entry, Guide

LONGEST = 40
"""Characters from which words tell a story rather than ask how something is done."""
LEAST_ALIKE = 0.6
"""How like one of an entry's questions words must be that name none of its names (0 to 1)."""


def entry_asked_for(guide: Guide, text: str) -> Entry | None:
    """The entry that the (cleaned) text asks for, None where it asks for none, or blames somebody.
    The longest name found decides, then the question most alike."""
    if not text or len(text) > LONGEST or guide.blames.search(text):
        return None
    asks = guide.asks.search(guide.plain(text)) is not None
    told = _pairs(guide.signs(text))
    found = [
        (_named(entry, text), _alike(guide.questions[id_], told), entry)
        for id_, entry in guide.entries.items()
    ]
    named = [one for one in found if one[0] and (asks or one[0] >= len(text) - 1)]
    if named:
        return max(named, key=lambda one: (one[0], one[1]))[2]
    alike = max(found, key=lambda one: one[1], default=None)
    return alike[2] if alike and asks and alike[1] >= LEAST_ALIKE else None


def _named(entry: Entry, text: str) -> int:
    """Characters of the longest of its names in the text."""
    return max((len(name) for name in (entry.title, *entry.aliases) if name in text), default=0)


def _alike(questions: Iterable[str], told: frozenset[str]) -> float:
    return max((_dice(told, _pairs(question)) for question in questions), default=0.0)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


@lru_cache(maxsize=4096)
def _pairs(text: str) -> frozenset[str]:
    letters: Iterable[str] = [character for character in text if character.isalnum()]
    whole = "".join(letters)
    return frozenset(whole[at : at + 2] for at in range(len(whole) - 1))
