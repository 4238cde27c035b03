"""The judged sentences of gold/urgency.yml, and how the rules read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.catalogue import Urgency
from backend.data_file import read_yaml
from backend.triage.rules import Rules

_FILE = Path(__file__).parent / "gold" / "urgency.yml"
_NONE = "none"


@dataclass(frozen=True)
class Judged:
    """A text with the urgency and the sensitivities a reader gave it."""

    text: str
    urgency: str
    sensitive: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """What the rules said of a judged text."""

    judged: Judged
    urgency: Urgency
    sensitive: frozenset[str]


def judged(half: str) -> list[Judged]:
    """The sentences of 'development' or 'held_out'."""
    by_urgency: Mapping[str, Mapping[str, Sequence[str]]] = read_yaml(_FILE)[half]
    return [
        Judged(text, urgency, frozenset(key for key in keys.split() if key != _NONE))
        for urgency, by_keys in by_urgency.items()
        for keys, texts in by_keys.items()
        for text in texts
    ]


def verdicts(rules: Rules, half: str) -> list[Verdict]:
    return [
        Verdict(each, rules.urgency(each.text), frozenset(rules.sensitive(each.text)))
        for each in judged(half)
    ]
